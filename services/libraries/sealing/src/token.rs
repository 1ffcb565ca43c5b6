//! A key in a PKCS#11 token: data keys go in and come out wrapped, the key itself stays.
//!
//! One session per key, opened when it is first needed and anew after any error. A module that gives no session is begun with
//! anew, too: so a token that comes later, or whose service was started again, is found.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use serde::Deserialize;
use settings::{Secret, SecretValue};
use zeroize::Zeroizing;

use crate::cipher::{NONCE_BYTES, TAG_BYTES};

/// The modules that are loaded. Locked while a token is asked, which is once per source and hour: a module may end for all of the
/// process only while nobody asks it.
static MODULES: LazyLock<Mutex<Modules>> = LazyLock::new(Mutex::default);

type Modules = HashMap<PathBuf, Loaded>;

struct Loaded {
    /// By the token's label and the key's.
    open: HashMap<(String, String), Open>,
    module: Pkcs11,
}

struct Open {
    session: Session,
    key: ObjectHandle,
}

/// A key of AES-256 in a PKCS#11 token, that may encrypt and decrypt.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The token's library.
    pub module: PathBuf,
    /// The token's label.
    pub name: String,
    /// The key's label.
    pub label: String,
    /// The PIN of the token's user.
    pub pin: Secret,
}

pub(crate) struct Token {
    settings: TokenSettings,
    pin: SecretValue,
}

/// Why a token does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{}", said(.0))]
    Module(#[from] Error),
    #[error("no token has the name")]
    NoToken,
    #[error("not one secret key of the token has the label, but {0}")]
    Keys(usize),
    #[error("it does not open what it sealed")]
    Differs,
}

impl Token {
    pub(crate) fn new(settings: TokenSettings, pin: SecretValue) -> Self {
        Self { settings, pin }
    }

    /// Seals in the token; the tag stands at the end.
    pub(crate) fn seal(&self, nonce: [u8; NONCE_BYTES], bound: &[u8], text: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.ask(nonce, bound, |open, mechanism| open.session.encrypt(mechanism, open.key, text))
    }

    /// Opens in the token.
    pub(crate) fn open(
        &self,
        nonce: [u8; NONCE_BYTES],
        bound: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.ask(nonce, bound, |open, mechanism| open.session.decrypt(mechanism, open.key, sealed)).map(Zeroizing::new)
    }

    fn ask(
        &self,
        mut nonce: [u8; NONCE_BYTES],
        bound: &[u8],
        asked: impl Fn(&Open, &Mechanism<'_>) -> Result<Vec<u8>, Error>,
    ) -> Result<Vec<u8>, TokenError> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = loaded(&mut modules, &self.settings.module)?;
        let name = (self.settings.name.clone(), self.settings.label.clone());
        // Taken out: after an error there is none, and the next call opens another.
        let open = match loaded.open.remove(&name) {
            Some(open) => open,
            None => match self.opened(&loaded.module) {
                Ok(open) => open,
                Err(error) => {
                    end(&mut modules, &self.settings.module);
                    return Err(error);
                }
            },
        };
        let parameters = GcmParams::new(&mut nonce, bound, (8 * TAG_BYTES as u64).into())?;
        let answer = asked(&open, &Mechanism::AesGcm(parameters))?;
        loaded.open.insert(name, open);
        Ok(answer)
    }

    fn opened(&self, module: &Pkcs11) -> Result<Open, TokenError> {
        let mut slots = module.get_slots_with_token()?.into_iter();
        let is_ours = |slot| module.get_token_info(slot).is_ok_and(|info| info.label() == self.settings.name);
        let slot = slots.find(|slot| is_ours(*slot)).ok_or(TokenError::NoToken)?;
        let session = module.open_ro_session(slot)?;
        match session.login(UserType::User, Some(&AuthPin::from(self.pin.expose()))) {
            // Of a token the process is logged in, not the session.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => return Err(error.into()),
        }
        let label = self.settings.label.clone().into_bytes();
        let keys = session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Label(label)])?;
        match keys[..] {
            [key] => Ok(Open { session, key }),
            _ => Err(TokenError::Keys(keys.len())),
        }
    }
}

/// The names of the function and of its answer, where the crate's own words are a paragraph.
fn said(error: &Error) -> String {
    match error {
        Error::Pkcs11(answer, function) => format!("{function:?}: {answer:?}"),
        other => other.to_string(),
    }
}

fn loaded<'m>(modules: &'m mut Modules, path: &Path) -> Result<&'m mut Loaded, Error> {
    match modules.entry(path.to_owned()) {
        Entry::Occupied(there) => Ok(there.into_mut()),
        Entry::Vacant(free) => {
            let module = Pkcs11::new(path)?;
            match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
                Err(error) => return Err(error),
            }
            Ok(free.insert(Loaded { open: HashMap::new(), module }))
        }
    }
}

/// Ends a module, its sessions first: a handle of before may be another's afterwards.
fn end(modules: &mut Modules, path: &Path) {
    if let Some(Loaded { open, module }) = modules.remove(path) {
        drop(open);
        // One that cannot end either is begun with anew all the same.
        let _ = module.finalize();
    }
}

/// Where the key is.
impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {}, label {}", self.settings.name, self.settings.label)
    }
}
