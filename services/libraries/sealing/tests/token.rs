//! Keys in a token of SoftHSM, whose files are this test's own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use sealing::{Away, Keys, Opener, Refusal, Sealer, Settings, Unopened};

use crate::{NOW, PLACE, TOPIC, plain};

const MODULES: [&str; 2] = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"];
const PIN: &str = "471100";
/// Set in the process that the test starts, before SoftHSM is loaded.
const CONFIGURATION: &str = "SOFTHSM2_CONF";

fn module() -> PathBuf {
    let found = MODULES.map(PathBuf::from).into_iter().find(|path| path.is_file());
    found.expect("SoftHSM is installed (Debian: apt-get install softhsm2)")
}

/// SoftHSM asks the environment where its tokens are, and a test must not change its own: the test starts itself.
#[test]
fn a_key_in_a_token_never_leaves_it_and_may_be_away() {
    if env::var_os(CONFIGURATION).is_some() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let tokens = folder.path().join("tokens");
    fs::create_dir(&tokens).expect("made");
    let configuration = folder.path().join("softhsm2.conf");
    fs::write(&configuration, format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()))
        .expect("written");
    let output = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "token::with_the_tokens_of_this_process", "--ignored", "--nocapture"])
        .env(CONFIGURATION, &configuration)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "started by the test above, with a configuration of its own"]
fn with_the_tokens_of_this_process() {
    let pin = Path::new(&env::var(CONFIGURATION).expect("the test above sets it")).with_file_name("pin");
    fs::write(&pin, PIN).expect("written");
    let keys = |label: &str| {
        let text = format!(
            "keys = [{{ id = \"s1\", token = {{ module = {:?}, name = \"region-14\", label = \"{label}\", pin = {{ file = {pin:?} }} }} }}]",
            module()
        );
        Arc::new(toml::from_str::<Settings>(&text).expect("settings").keys("14").expect("keys"))
    };
    let mut first = Sealer::new(keys("one"), TOPIC.to_owned());
    let away = first.seal(&plain(), 3, NOW).map(|_| ()).expect_err("there is no token yet");
    assert!(
        away.to_string().starts_with("seal-key-away: the sealing key s1 is in a token that does not answer (no token")
    );

    token();
    make_key("one");
    make_key("other");
    // It came later, and is found.
    let plain = plain();
    let sealed = first.seal(&plain, 3, NOW).expect("sealed");
    let open = |keys: &Arc<Keys>| {
        let mut opener = Opener::new(Arc::clone(keys), true);
        opener.open(&sealed, PLACE).map(|opened| opened == plain)
    };
    assert_eq!(open(&keys("one")), Ok(true));
    assert_eq!(open(&keys("other")), Err(Unopened::Refused(Refusal::KeyWrong)));
    let missing = open(&keys("missing"));
    let Err(Unopened::Away(Away::Token { id, why })) = missing else { panic!("{missing:?}") };
    assert_eq!((id.as_str(), why.as_str()), ("s1", "not one secret key of the token has the label, but 0"));
    // The module ended with that: the sessions of before are opened anew.
    assert_eq!(open(&keys("one")), Ok(true));

    let mut lines = Vec::new();
    keys("one").tried(&mut |line| lines.push(line.to_owned())).expect("it opens");
    assert_eq!(lines, ["sealing key s1 (token region-14, label one): seals and opens"]);
    let mut lines = Vec::new();
    assert!(keys("missing").tried(&mut |line| lines.push(line.to_owned())).is_err());
    assert!(lines[0].contains("does not open: seal-key-away: "), "{lines:?}");
}

fn token() {
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "region-14", "--pin", PIN, "--so-pin", PIN])
        .output()
        .expect("softhsm2-util runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A key that is made in the token and cannot be read out of it.
fn make_key(label: &str) {
    let context = Pkcs11::new(module()).expect("the module");
    // SoftHSM in this process may have been begun with by the keys of the test.
    let _ = context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slots = context.get_slots_with_token().expect("slots");
    let is_ours = |slot: &&_| context.get_token_info(**slot).is_ok_and(|info| info.label() == "region-14");
    let session = context.open_rw_session(*slots.iter().find(is_ours).expect("the token")).expect("a session");
    // Another session may have logged in.
    let _ = session.login(UserType::User, Some(&AuthPin::from(PIN)));
    let key = session
        .generate_key(
            &Mechanism::AesKeyGen,
            &[
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(false),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
                Attribute::ValueLen(32_u64.into()),
                Attribute::Label(label.as_bytes().to_vec()),
            ],
        )
        .expect("a key");
    let value = session.get_attributes(key, &[AttributeType::Value]);
    assert!(value.is_err() || value.is_ok_and(|read| read.is_empty()), "the key's bytes stay in the token");
}
