//! The body: base64 of AES-128 in CBC mode under a message key, with an IV of zeros and the padding of PKCS #5.
//!
//! Nothing else says who sent it, so what makes a body authentic is that it opens to a message. Whoever asks hears one answer for
//! all that does not, and each body costs the same work whatever is wrong with its padding: an answer that told the one from the
//! other would open any message to whoever asks often enough.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};

type Opener = cbc::Decryptor<aes::Aes128>;
type Sealer = cbc::Encryptor<aes::Aes128>;

const BLOCK: usize = 16;
const ZEROS: [u8; BLOCK] = [0; BLOCK];

/// What opens under one of the keys to something that `read` knows, with what it knows of it. All keys are tried.
pub(super) fn open<T>(
    body: &[u8],
    keys: impl Iterator<Item = [u8; BLOCK]>,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Option<(T, Vec<u8>)> {
    let base64: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let sealed = STANDARD.decode(base64).ok()?;
    let mut opened = None;
    for key in keys {
        let Some((mut plain, length)) = decrypt(&key, &sealed) else { continue };
        // Read as far as it goes, whether the padding is good or not.
        let known = read(&plain[..length.unwrap_or(plain.len())]);
        if let (Some(known), Some(length), None) = (known, length, &opened) {
            plain.truncate(length);
            opened = Some((known, plain));
        }
    }
    opened
}

/// Seals a message as Kuaishou does.
pub(super) fn seal(key: &[u8; BLOCK], message: &[u8]) -> Option<String> {
    let mut room = vec![0; message.len() + BLOCK];
    room[..message.len()].copy_from_slice(message);
    let sealer = Sealer::new_from_slices(key, &ZEROS).ok()?;
    let sealed = sealer.encrypt_padded::<Pkcs7>(&mut room, message.len()).ok()?;
    Some(STANDARD.encode(sealed))
}

/// All that was sealed with its padding, and how much of it is message, where the padding is one.
fn decrypt(key: &[u8; BLOCK], sealed: &[u8]) -> Option<(Vec<u8>, Option<usize>)> {
    let mut plain = sealed.to_vec();
    let opener = Opener::new_from_slices(key, &ZEROS).ok()?;
    opener.decrypt_padded::<NoPadding>(&mut plain).ok()?;
    let length = unpadded(&plain);
    Some((plain, length))
}

/// The last block ends with as many bytes as each of them says. All of the block is looked at.
fn unpadded(plain: &[u8]) -> Option<usize> {
    let last = *plain.last()?;
    let block = &plain[plain.len().checked_sub(BLOCK)?..];
    let wrong = block.iter().rev().zip(0_u8..).fold(0, |wrong, (byte, number)| {
        let counts = u8::from(number < last);
        wrong | (counts * (byte ^ last))
    });
    let is_good = wrong == 0 && (1..=BLOCK).contains(&usize::from(last));
    is_good.then(|| plain.len() - usize::from(last))
}

/// The key of a secret in base64; nothing where it is none of 128 bits.
pub(super) fn key(secret: &[u8]) -> Option<[u8; BLOCK]> {
    STANDARD.decode(secret.trim_ascii()).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; BLOCK] = *b"0123456789abcdef";

    fn opened(sealed: &str) -> Option<Vec<u8>> {
        open(sealed.as_bytes(), [KEY].into_iter(), |_| Some(())).map(|((), plain)| plain)
    }

    /// Made by `printf … | openssl enc -aes-128-cbc -K … -iv 0…0 -base64 -A`.
    #[test]
    fn the_vectors_hold() {
        for (message, sealed) in VECTORS {
            assert_eq!(seal(&KEY, message.as_bytes()).as_deref(), Some(sealed), "{message}");
            assert_eq!(opened(sealed).as_deref(), Some(message.as_bytes()));
        }
        let lines = format!("{}\r\n{}\n", &VECTORS[1].1[..20], &VECTORS[1].1[20..]);
        assert!(opened(&lines).is_some(), "some encoders break lines");
    }

    const VECTORS: [(&str, &str); 3] = [
        ("", "N3Ii4GGpJMWRzZwn6hY+1A=="),
        ("{\"test\":true}", "watm3Pt/wCJGbPJJXW0XpA=="),
        ("sixteen bytes ..", "mk8SGkmaAiYPMDPgTwuZ7PleO8jBx5FPCIPUf+NPLEc="),
    ];

    #[test]
    fn a_padding_is_as_long_as_it_says() {
        let of = |end: &[u8]| unpadded(&[&[b'x'; 32][..32 - end.len()], end].concat());
        assert_eq!(of(&[1]), Some(31));
        assert_eq!(of(&[3, 3, 3]), Some(29));
        assert_eq!(of(&[16; 16]), Some(16));
        for wrong in [&[0][..], &[17; 17], &[2], &[3, 2, 3], &[2, 3, 3], &[255], &[16; 15]] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
        assert_eq!(unpadded(&[]), None);
        assert_eq!(unpadded(&[1; 15]), None);
    }

    #[test]
    fn a_key_is_128_bits() {
        assert_eq!(key(b"MDEyMzQ1Njc4OWFiY2RlZg==\n"), Some(KEY));
        for wrong in [&b""[..], b"0123456789abcdef", b"MDEyMzQ1Njc4OWFiY2RlZg", b"MDEyMzQ1Njc4OWFiY2Q=", b"none"] {
            assert_eq!(key(wrong), None);
        }
    }
}
