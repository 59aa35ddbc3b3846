//! Weights in `Accept` and `Accept-Encoding`, which say how much a client likes an item. Pure.

/// A weight in thousandths, from 0 (not acceptable) to 1,000. A weight has at most three decimals.
pub(super) type QValue = u16;

/// The weight of an item without `q=`.
pub(super) const FULL: QValue = 1000;

/// Parses a weight (RFC 9110, section 12.4.2): `0.5` is 500. It has at most three decimals and is not above 1.
pub(super) fn parse_qvalue(text: &str) -> Option<QValue> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || fraction.len() > 3 {
        return None;
    }
    // Padded to four digits, so that they count thousandths.
    let mut digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat(b'0')).take(4);
    let weight = digits
        .try_fold(0, |sum: QValue, digit| digit.is_ascii_digit().then(|| sum * 10 + QValue::from(digit - b'0')))?;
    Some(weight).filter(|weight| *weight <= FULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_has_three_digits_and_is_one_at_most() {
        let table = [
            ("0", Some(0)),
            ("1", Some(FULL)),
            ("0.", Some(0)),
            ("1.", Some(FULL)),
            ("0.5", Some(500)),
            ("0.05", Some(50)),
            ("0.125", Some(125)),
            ("0.999", Some(999)),
            ("1.000", Some(FULL)),
            ("0.5555", None),
            ("1.001", None),
            ("2", None),
            ("00", None),
            (".5", None),
            ("-0", None),
            ("0.+5", None),
            ("0.5.5", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse_qvalue(text), expected, "{text:?}");
        }
    }
}
