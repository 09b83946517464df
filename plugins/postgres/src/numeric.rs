//! `numeric` from its binary form to its exact digits.

use crate::put::put;

/// The digits as PostgreSQL prints them; `None` when the bytes are no numeric.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let (header, digits) = bytes.split_first_chunk::<8>()?;
    let field = |at: usize| [header[at], header[at + 1]];
    let count = usize::from(u16::from_be_bytes(field(0)));
    let weight = i32::from(i16::from_be_bytes(field(2)));
    let sign = u16::from_be_bytes(field(4));
    let scale = usize::from(u16::from_be_bytes(field(6)));
    match sign {
        0x0000 | 0x4000 => {}
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => return None,
    }
    if digits.len() != count * 2 {
        return None;
    }
    // Each digit is one of base 10,000.
    let digit = |place: i32| -> u16 {
        let at = usize::try_from(weight - place).unwrap_or(usize::MAX);
        match at.checked_mul(2).and_then(|at| digits.get(at..at + 2)) {
            Some(pair) => u16::from_be_bytes([pair[0], pair[1]]),
            None => 0,
        }
    };
    let mut text = String::new();
    if sign == 0x4000 {
        text.push('-');
    }
    if weight < 0 {
        text.push('0');
    }
    for place in (0..=weight).rev() {
        if place == weight {
            put!(&mut text, "{}", digit(place));
        } else {
            put!(&mut text, "{:04}", digit(place));
        }
    }
    if scale > 0 {
        text.push('.');
        let end = text.len() + scale;
        let mut place = -1;
        while text.len() < end {
            put!(&mut text, "{:04}", digit(place));
            place -= 1;
        }
        text.truncate(end);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(weight: i16, sign: u16, scale: u16, digits: &[u16]) -> Vec<u8> {
        let count = u16::try_from(digits.len()).expect("few digits");
        let mut bytes = count.to_be_bytes().to_vec();
        bytes.extend(weight.to_be_bytes());
        bytes.extend(sign.to_be_bytes());
        bytes.extend(scale.to_be_bytes());
        for digit in digits {
            bytes.extend(digit.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn digits_are_exact() {
        for (weight, sign, scale, digits, expected) in [
            (0, 0, 0, &[][..], "0"),
            (0, 0, 2, &[], "0.00"),
            (1, 0x4000, 4, &[1, 2345, 6700], "-12345.6700"),
            (2, 0, 0, &[1], "100000000"),
            (-1, 0, 3, &[1200], "0.120"),
            (-2, 0, 8, &[1], "0.00000001"),
            (0, 0xC000, 0, &[], "NaN"),
            (0, 0xF000, 0, &[], "-Infinity"),
        ] {
            let bytes = encoded(weight, sign, scale, digits);
            assert_eq!(text(&bytes).as_deref(), Some(expected));
        }
        assert_eq!(text(b"short"), None);
        assert_eq!(text(&encoded(0, 7, 0, &[])), None);
    }
}
