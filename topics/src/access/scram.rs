//! SCRAM (RFC 5802, 7677) as a client, and what brokers keep of a password.

use std::io;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

/// Rounds that a new password is worked through before brokers keep it; Kafka demands 4,096.
pub(super) const ITERATIONS: u32 = 8_192;
/// More than any broker has reason to ask a client for.
const ITERATIONS_MAX: u32 = 1_000_000;

/// The hash of a mechanism.
#[derive(Clone, Copy)]
pub(super) struct Hash {
    hmac: fn(&[u8], &[u8]) -> Vec<u8>,
    digest: fn(&[u8]) -> Vec<u8>,
    worked: fn(&[u8], &[u8], u32) -> Vec<u8>,
}

pub(super) const SHA_256: Hash =
    Hash { hmac: hmac::<Hmac<Sha256>>, digest: |bytes| Sha256::digest(bytes).to_vec(), worked: worked::<Hmac<Sha256>> };

pub(super) const SHA_512: Hash =
    Hash { hmac: hmac::<Hmac<Sha512>>, digest: |bytes| Sha512::digest(bytes).to_vec(), worked: worked::<Hmac<Sha512>> };

fn keyed<M: Mac + KeyInit>(key: &[u8]) -> M {
    <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn hmac<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = keyed::<M>(key);
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// `Hi` of RFC 5802.
fn worked<M: Mac + KeyInit + Clone>(password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
    let keyed = keyed::<M>(password);
    let round = |text: &[u8]| {
        let mut mac = keyed.clone();
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    };
    let mut last = round(&[salt, &1_u32.to_be_bytes()].concat());
    let mut sum = last.clone();
    for _ in 1..iterations {
        last = round(&last);
        sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

/// What a broker is given to keep of a new password: it never sees the password itself.
pub(super) fn salted(password: &str, salt: &[u8]) -> Vec<u8> {
    worked::<Hmac<Sha512>>(password.as_bytes(), salt, ITERATIONS)
}

/// Random bytes of the system.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(bytes)
}

/// One login.
pub(super) struct Exchange<'a> {
    hash: Hash,
    password: &'a str,
    nonce: String,
    first: String,
}

impl<'a> Exchange<'a> {
    /// Begins with what is sent first.
    pub(super) fn begin(hash: Hash, user: &str, password: &'a str) -> io::Result<(Self, String)> {
        let nonce = BASE64.encode(&random::<18>()?);
        Ok(Self::with_nonce(hash, user, password, nonce))
    }

    fn with_nonce(hash: Hash, user: &str, password: &'a str, nonce: String) -> (Self, String) {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let first = format!("n={user},r={nonce}");
        let message = format!("n,,{first}");
        (Self { hash, password, nonce, first }, message)
    }

    /// The proof that the password is known, and what the broker has to answer to prove the same. The refusal is a sentence.
    pub(super) fn prove(&self, challenge: &str) -> Result<(String, String), &'static str> {
        let field = |name: &str| challenge.split(',').find_map(|field| field.strip_prefix(name));
        let nonce = field("r=").filter(|nonce| nonce.starts_with(&self.nonce) && nonce.len() > self.nonce.len());
        let nonce = nonce.ok_or("its challenge does not go on from ours")?;
        let salt =
            field("s=").and_then(|salt| BASE64.decode(salt.as_bytes()).ok()).ok_or("its challenge has no salt")?;
        let iterations = field("i=").and_then(|count| count.parse().ok());
        let iterations = iterations.filter(|count| (1..=ITERATIONS_MAX).contains(count));
        let iterations = iterations.ok_or("its challenge asks for no or too many iterations")?;
        let salted = Zeroizing::new((self.hash.worked)(self.password.as_bytes(), &salt, iterations));
        let client_key = Zeroizing::new((self.hash.hmac)(&salted, b"Client Key"));
        let stored_key = (self.hash.digest)(&client_key);
        let unproved = format!("c=biws,r={nonce}");
        let text = format!("{},{challenge},{unproved}", self.first);
        let signature = (self.hash.hmac)(&stored_key, text.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(key, byte)| key ^ byte).collect();
        let server_key = (self.hash.hmac)(&salted, b"Server Key");
        let expected = format!("v={}", BASE64.encode(&(self.hash.hmac)(&server_key, text.as_bytes())));
        Ok((format!("{unproved},p={}", BASE64.encode(&proof)), expected))
    }
}

#[cfg(test)]
mod tests {
    use super::{Exchange, SHA_256};

    #[test]
    fn the_exchange_is_that_of_rfc_7677() {
        let nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
        let (exchange, first) = Exchange::with_nonce(SHA_256, "user", "pencil", nonce);
        assert_eq!(first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (proof, expected) = exchange.prove(challenge).expect("a good challenge");
        assert_eq!(
            proof,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(expected, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_bad_challenge_is_refused() {
        let (exchange, _) = Exchange::with_nonce(SHA_256, "a,b=c", "pencil", "mine".to_owned());
        assert_eq!(exchange.first, "n=a=2Cb=3Dc,r=mine");
        for challenge in
            ["r=other,s=AAAA,i=4096", "r=mine,s=AAAA,i=4096", "r=mine1,i=4096", "r=mine1,s=AAAA,i=9999999999", "e=x"]
        {
            assert!(exchange.prove(challenge).is_err(), "{challenge}");
        }
    }
}
