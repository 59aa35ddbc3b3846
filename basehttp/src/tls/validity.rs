//! The time in which clients accept a certificate, read from its DER. webpki checks it for clients and tells it to no
//! one else.

use std::time::{Duration, SystemTime};

/// The first and the last moment of a certificate (RFC 5280, section 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    not_before: SystemTime,
    not_after: SystemTime,
}

/// The reason why a certificate is not valid at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotNow {
    NotYet { not_before: SystemTime, now: SystemTime },
    Expired { not_after: SystemTime, now: SystemTime },
}

/// Tags of DER (X.690, section 8.1.2).
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The explicit tag of `version`, which certificates of version 1 omit.
const VERSION: u8 = 0xa0;

impl Validity {
    /// Returns the validity of a certificate; `None` if the bytes before it are not a certificate's.
    pub(super) fn of_certificate(der: &[u8]) -> Option<Self> {
        // Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version, serialNumber, signature, issuer, validity
        let (tbs, _) = element(element(der, SEQUENCE)?.0, SEQUENCE)?;
        let rest = element(tbs, VERSION).map_or(tbs, |(_, rest)| rest);
        let (_, rest) = element(rest, INTEGER)?;
        let (_, rest) = element(rest, SEQUENCE)?;
        let (_, rest) = element(rest, SEQUENCE)?;
        let (validity, _) = element(rest, SEQUENCE)?;
        let (not_before, rest) = time(validity)?;
        let (not_after, _) = time(rest)?;
        Some(Validity { not_before, not_after })
    }

    pub(super) fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// Both ends are inside.
    pub(super) fn check(&self, now: SystemTime) -> Result<(), NotNow> {
        if now < self.not_before {
            return Err(NotNow::NotYet { not_before: self.not_before, now });
        }
        // The last second is whole.
        if now >= self.not_after + Duration::from_secs(1) {
            return Err(NotNow::Expired { not_after: self.not_after, now });
        }
        Ok(())
    }
}

/// Returns the version of a certificate, 1 to 3; `None` if the bytes are not a certificate's.
pub(super) fn version(der: &[u8]) -> Option<u8> {
    let (tbs, _) = element(element(der, SEQUENCE)?.0, SEQUENCE)?;
    let Some((version, _)) = element(tbs, VERSION) else { return Some(1) };
    match element(version, INTEGER)?.0 {
        [number @ 0..=2] => Some(number + 1),
        _ => None,
    }
}

/// Splits the content of the first element from what follows it; `None` if it has another tag or is cut off.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // The number of bytes that the length has. Four are enough for 4 GiB; 0x80 is a length that BER leaves open.
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    if found == tag { rest.split_at_checked(len) } else { None }
}

/// Reads a time, in one of two forms that both end with seconds and a `Z` (RFC 5280, section 4.1.2.5).
fn time(der: &[u8]) -> Option<(SystemTime, &[u8])> {
    if let Some((text, rest)) = element(der, GENERALIZED_TIME) {
        let (year, text) = text.split_at_checked(4)?;
        return Some((moment(number(year)?, text)?, rest));
    }
    let (text, rest) = element(der, UTC_TIME)?;
    let (year, text) = text.split_at_checked(2)?;
    let year = number(year)?;
    Some((moment(if year < 50 { 2000 + year } else { 1900 + year }, text)?, rest))
}

/// Returns the moment of a year and the rest, `MMDDHHMMSSZ`.
fn moment(year: u64, text: &[u8]) -> Option<SystemTime> {
    let (text, zone) = text.split_at_checked(10)?;
    let mut parts = text.chunks(2).map(number);
    let mut next = |range: std::ops::RangeInclusive<u64>| parts.next()?.filter(|part| range.contains(part));
    let (month, day) = (next(1..=12)?, next(1..=31)?);
    let (hour, minute, second) = (next(0..=23)?, next(0..=59)?, next(0..=59)?);
    if zone != b"Z" {
        return None;
    }
    let seconds = ((days_since_zero(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let epoch = days_since_zero(1970, 1, 1) * 24 * 60 * 60;
    // Before 1970 is 1970: such a certificate has long expired, or its first day has come.
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.saturating_sub(epoch)))
}

/// Days of the Gregorian calendar. Years begin with March here, so that the leap day is their last.
fn days_since_zero(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.saturating_sub(1), month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second_of(text: &str) -> Option<u64> {
        let tag = if text.len() == 13 { UTC_TIME } else { GENERALIZED_TIME };
        let der = [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        time(&der).map(|(time, _)| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn both_forms_of_a_time_are_read_and_others_are_not() {
        let table = [
            ("700101000000Z", Some(0), "the first moment"),
            ("20000229000000Z", Some(951_782_400), "a leap day"),
            ("231114221320Z", Some(1_700_000_000), "two digits below 50 are of this century"),
            ("491231235959Z", Some(2_524_607_999), "the last one with two digits"),
            ("500101000000Z", Some(0), "1950 is before the clock began"),
            ("20500101000000Z", Some(2_524_608_000), "the first one with four digits"),
            ("99991231235959Z", Some(253_402_300_799), "a certificate without end"),
            ("00000101000000Z", Some(0), "the year 0"),
            ("231314221320Z", None, "a thirteenth month"),
            ("230014221320Z", None, "no month"),
            ("231114241320Z", None, "hour 24"),
            ("231114221320+", None, "another zone"),
            ("2311142213Z", None, "without seconds"),
            ("2O231114221320Z", None, "a letter"),
        ];
        for (text, expected, why) in table {
            assert_eq!(second_of(text), expected, "{why}: {text}");
        }
    }

    #[test]
    fn a_certificate_is_valid_from_its_first_to_its_last_second() {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_millis(second);
        let validity = Validity { not_before: at(10_000), not_after: at(20_000) };
        assert!(matches!(validity.check(at(9_999)), Err(NotNow::NotYet { .. })));
        assert_eq!([10_000, 20_000, 20_999].map(|now| validity.check(at(now))), [Ok(()); 3]);
        assert!(matches!(validity.check(at(21_000)), Err(NotNow::Expired { .. })));
    }

    #[test]
    fn a_certificate_that_is_cut_off_anywhere_before_its_validity_ends_has_none() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let der = certificate.der();
        let whole = Validity::of_certificate(der).expect("rcgen writes a validity");
        assert!(whole.check(SystemTime::now()).is_ok());
        assert_eq!(version(der), Some(3));
        assert_eq!(version(b"\x30\x07\x30\x05\xa0\x03\x02\x01\x01"), Some(2));
        assert_eq!(version(b"\x30\x05\x30\x03\x02\x01\x01"), Some(1), "it says none, and its number follows");
        for end in 0..der.len() {
            assert_eq!(Validity::of_certificate(&der[..end]), None, "the first {end} bytes");
        }
    }
}
