//! Tokens that are bound to a certificate (RFC 8705): whoever shows one has opened the connection with that certificate, so
//! that a token which was read on its way opens nothing.

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tls::ClientCertificate;

/// The member of `cnf` with the certificate's digest.
const THUMBPRINT: &str = "x5t#S256";

/// Holds what a token says of its owner's proof (`cnf`, RFC 7800) against the certificate of the connection that it came by.
/// A token that says nothing of it holds where no binding is demanded; one that is bound to anything else never does, for
/// nobody here could tell.
pub(crate) fn check(
    cnf: Option<&Value>,
    shown: Option<&ClientCertificate>,
    demanded: bool,
) -> Result<(), &'static str> {
    let Some(cnf) = cnf else {
        return if demanded { Err("the token is bound to no certificate") } else { Ok(()) };
    };
    let wanted = match cnf.as_object() {
        Some(members) if members.len() == 1 => members.get(THUMBPRINT).and_then(Value::as_str),
        _ => None,
    };
    let Some(wanted) = wanted else { return Err("the token is bound to what is not looked at here") };
    let Some(shown) = shown else { return Err("the token is bound to a certificate, and none was shown") };
    if BASE64URL_NOPAD.encode(&Sha256::digest(shown.der())) == wanted {
        Ok(())
    } else {
        Err("the token is bound to another certificate")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// With a certificate, `tests/bound.rs` asks a real provider.
    #[test]
    fn a_token_that_is_bound_to_anything_needs_just_that() {
        assert_eq!(check(None, None, false), Ok(()));
        assert!(check(None, None, true).is_err());
        let digest = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
        for demanded in [false, true] {
            for cnf in [
                json!({ THUMBPRINT: digest }),
                json!({ "jkt": digest }),
                json!({ THUMBPRINT: digest, "jkt": digest }),
                json!({ THUMBPRINT: 1 }),
                json!({}),
                json!(null),
                json!(digest),
            ] {
                assert!(check(Some(&cnf), None, demanded).is_err(), "{cnf}");
            }
        }
    }
}
