//! The style of a listing: the colours of the error page, light or dark like the reader's system, for screens from 320
//! pixels on.

/// The content of the page's `style` element.
///
/// The symbols before the names are shapes cut out of a square, since the policy below forbids images. With forced
/// colours they have the system's colour.
pub(super) const STYLE: &str = "
:root { color-scheme: light dark; --accent: #c2410c; --soft: #57534e; --line: #8884; --tint: #8882 }
@media (prefers-color-scheme: dark) { :root { --accent: #fb923c; --soft: #a8a29e } }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem 1.5rem 4rem }
header { padding: 0 .75rem }
h1 { font-size: 1.5rem; font-weight: 600; line-height: 1.3; margin: .25rem 0; overflow-wrap: anywhere }
header p { color: var(--soft); margin: 0 0 1.25rem }
ol { display: flex; flex-wrap: wrap; list-style: none; margin: 0; padding: 0; font-size: .875rem }
li { display: flex; min-width: 0; overflow-wrap: anywhere; color: var(--soft) }
li + li::before { content: '/'; padding: .25rem .1rem; opacity: .6 }
li > * { padding: .25rem .35rem; min-width: 0 }
li:first-child > * { padding-left: 0 }
nav a { color: var(--accent) }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { font-weight: inherit; text-align: left; padding: 0; border-bottom: 1px solid var(--line) }
td, thead th + th { text-align: right; white-space: nowrap; padding: .5rem .75rem; color: var(--soft); vertical-align: top }
thead th { font-size: .875rem; color: var(--soft); white-space: nowrap }
thead th + th { padding: 0 }
thead th:first-child { width: 100% }
thead a { display: block; padding: .5rem .75rem }
[aria-sort] a { font-weight: 600; color: var(--accent) }
[aria-sort]:first-child a::after, [aria-sort]:not(:first-child) a::before { content: ''; display: inline-block; width: .6rem;
height: .4rem; margin: 0 .4rem .1rem; background: currentColor }
[aria-sort=ascending] a::before, [aria-sort=ascending] a::after { clip-path: polygon(50% 0, 100% 100%, 0 100%) }
[aria-sort=descending] a::before, [aria-sort=descending] a::after { clip-path: polygon(0 0, 100% 0, 50% 100%) }
a { color: inherit; text-decoration: none; border-radius: .3rem }
a[href]:hover { text-decoration: underline; text-underline-offset: .2em }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px }
tbody a { display: block; padding: .5rem .75rem .5rem 2.5rem; position: relative; overflow-wrap: anywhere }
tbody a:not([href]) { color: var(--soft) }
tbody tr:hover { background: var(--tint) }
tbody a::before { content: ''; position: absolute; left: .75rem; top: .75rem; width: 16px; height: 16px;
background: var(--soft); clip-path: path(evenodd, 'M3 2.5A1.5 1.5 0 0 1 4.5 1H9l4 4v8.5a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 \
1.5 0 0 1 3 13.5zM4.3 2.5v11a.2.2 0 0 0 .2.2h7a.2.2 0 0 0 .2-.2V6H8V2.3H4.5a.2.2 0 0 0-.2.2z') }
.l a::before { clip-path: path(evenodd, 'M3 2.5A1.5 1.5 0 0 1 4.5 1H9l4 4v8.5a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 \
13.5zM4.3 2.5v11a.2.2 0 0 0 .2.2h7a.2.2 0 0 0 .2-.2V6H8V2.3H4.5a.2.2 0 0 0-.2.2zM8 7.2l3 2.7-3 2.7v-2H5.2V9.2H8z') }
.d a::before { background: var(--accent); clip-path: path('M1 3.5A1.5 1.5 0 0 1 2.5 2h3.2l1.8 2h6A1.5 1.5 0 0 1 15 \
5.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 1 12.5z') }
.d.l a::before { clip-path: path(evenodd, 'M1 3.5A1.5 1.5 0 0 1 2.5 2h3.2l1.8 2h6A1.5 1.5 0 0 1 15 5.5v7a1.5 1.5 0 0 \
1-1.5 1.5h-11A1.5 1.5 0 0 1 1 12.5zM8.5 5.8l3.5 3.2-3.5 3.2V9.9H4.5V8.1h4z') }
.o a::before { clip-path: path(evenodd, 'M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2zM8 3.3a4.7 4.7 0 1 0 0 9.4A4.7 4.7 0 1 0 8 \
3.3zM5 7.3h6v1.4H5z') }
.up a::before { clip-path: path('M8 2l5.3 5.3-1 1L8.7 4.7V14H7.3V4.7L3.7 8.3l-1-1z') }
.d bdi { font-weight: 500 }
i { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media (forced-colors: active) { a::before, a::after { forced-color-adjust: none; background: CanvasText !important } }
@media (max-width: 40rem) {
body { padding: 1.25rem .25rem 3rem }
tbody a { padding-right: .25rem }
td, thead th + th a { padding-left: .25rem }
td { font-size: .875rem; line-height: 1.5rem }
time span, th span { display: none }
}
";

/// The policy of the page. It allows only the page's own style, by its hash, and no loading, framing or sending.
///
/// So markup that slips through an escape is harmless. A test checks that the hash is the style's.
pub(super) const CONTENT_SECURITY_POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-",
    "JuOjSSb9LaiiaA/D3cb5QPFdO4MA1xXt+zi/emZh/PM=",
    "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_lets_in_the_style_and_nothing_else() {
        let source = format!("'sha256-{}'", base64(&sha256(STYLE.as_bytes())));
        assert!(CONTENT_SECURITY_POLICY.contains(&format!("style-src {source};")), "the style was changed: {source}");
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
        assert!(!STYLE.contains("</") && !STYLE.contains("url("), "nothing ends it early or is loaded");
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-4's own examples.
        let table = [
            ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            ("abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(base64(&sha256(text.as_bytes())), expected, "{text}");
        }
    }

    /// Computes SHA-256 as FIPS 180-4, section 6.2, describes it.
    fn sha256(text: &[u8]) -> [u8; 32] {
        let primes = || (2_u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
        let k: Vec<u32> = primes().take(64).map(|prime| fraction_of_root(prime, 3)).collect();
        let mut hash: Vec<u32> = primes().take(8).map(|prime| fraction_of_root(prime, 2)).collect();
        let mut padded = [text, &[0x80]].concat();
        padded.resize((text.len() + 9).next_multiple_of(64) - 8, 0);
        padded.extend_from_slice(&(text.len() as u64 * 8).to_be_bytes());
        for block in padded.chunks(64) {
            let mut w: Vec<u32> =
                block.chunks(4).map(|word| word.iter().fold(0, |w, byte| w << 8 | u32::from(*byte))).collect();
            for t in 16..64 {
                let s0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ w[t - 15] >> 3;
                let s1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ w[t - 2] >> 10;
                w.push(w[t - 16].wrapping_add(s0).wrapping_add(w[t - 7]).wrapping_add(s1));
            }
            let mut v = hash.clone();
            for t in 0..64 {
                let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
                let choice = v[4] & v[5] ^ !v[4] & v[6];
                let t1 = [s1, choice, k[t], w[t]].iter().fold(v[7], |sum, term| sum.wrapping_add(*term));
                let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
                let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2];
                v.rotate_right(1);
                v[0] = t1.wrapping_add(s0).wrapping_add(majority);
                v[4] = v[4].wrapping_add(t1);
            }
            hash.iter_mut().zip(v).for_each(|(hash, v)| *hash = hash.wrapping_add(v));
        }
        let bytes: Vec<u8> = hash.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.try_into().expect("eight words")
    }

    /// Returns the first 32 bits of the fraction of a prime's square or cube root.
    fn fraction_of_root(prime: u64, degree: u32) -> u32 {
        let scaled = u128::from(prime) << (32 * degree);
        let (mut low, mut high) = (0_u128, 1 << 40);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if middle.pow(degree) <= scaled { low = middle } else { high = middle }
        }
        u32::try_from(low & 0xFFFF_FFFF).expect("32 bits")
    }

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let group = (0..3).fold(0_usize, |group, at| group << 8 | usize::from(*chunk.get(at).unwrap_or(&0)));
            for digit in 0..4 {
                let is_padding = digit > chunk.len();
                text.push(if is_padding { '=' } else { char::from(DIGITS[group >> (18 - 6 * digit) & 63]) });
            }
        }
        text
    }
}
