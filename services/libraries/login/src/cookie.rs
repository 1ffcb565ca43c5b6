//! The cookies: the session's, and the one that binds a login in progress to its browser.

use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::BASE64URL_NOPAD;

/// A login that takes longer begins anew.
const PROGRESS_SECONDS: u32 = 600;
/// A longer address is not gone back to.
const BACK_MAX: usize = 1500;

/// Names and attributes: a browser that comes over https keeps a cookie for exactly this host and for https.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jar {
    encrypted: bool,
}

/// A login in progress: a random secret, and where its browser wanted to go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) secret: String,
    pub(crate) back: String,
}

impl Progress {
    /// The cookie's value.
    pub(crate) fn text(&self) -> String {
        format!("{}.{}", self.secret, BASE64URL_NOPAD.encode(self.back.as_bytes()))
    }

    fn of(text: &str) -> Option<Self> {
        let (secret, back) = text.split_once('.')?;
        let back = String::from_utf8(BASE64URL_NOPAD.decode(back.as_bytes()).ok()?).ok()?;
        (secret.len() >= 43).then(|| Self { secret: secret.to_owned(), back: own(&back) })
    }
}

/// The address if it is one of ours, the front page otherwise: a login must send nobody elsewhere.
pub(crate) fn own(address: &str) -> String {
    let ours = address.starts_with('/')
        && !address.starts_with("//")
        && address.len() <= BACK_MAX
        && address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { address.to_owned() } else { "/".to_owned() }
}

impl Jar {
    pub(crate) const fn new(encrypted: bool) -> Self {
        Self { encrypted }
    }

    /// Browsers take the prefix only with `Secure`, and `Secure` only over https.
    const fn names(self) -> (&'static str, &'static str) {
        if self.encrypted {
            ("__Host-vardstrom", "__Host-vardstrom-inloggning")
        } else {
            ("vardstrom", "vardstrom-inloggning")
        }
    }

    pub(crate) fn session(self, headers: &HeaderMap) -> Option<&str> {
        read(headers, self.names().0)
    }

    pub(crate) fn progress(self, headers: &HeaderMap) -> Option<Progress> {
        Progress::of(read(headers, self.names().1)?)
    }

    pub(crate) fn set_session(self, id: &str) -> HeaderValue {
        self.set(self.names().0, id, "")
    }

    pub(crate) fn set_progress(self, progress: &Progress) -> HeaderValue {
        self.set(self.names().1, &progress.text(), &format!("; Max-Age={PROGRESS_SECONDS}"))
    }

    pub(crate) fn forget_session(self) -> HeaderValue {
        self.set(self.names().0, "", "; Max-Age=0")
    }

    pub(crate) fn forget_progress(self) -> HeaderValue {
        self.set(self.names().1, "", "; Max-Age=0")
    }

    fn set(self, name: &str, value: &str, more: &str) -> HeaderValue {
        let secure = if self.encrypted { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        HeaderValue::from_str(&text).expect("names and values are letters of base 64")
    }
}

fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_host_and_no_script() {
        let text = |value: HeaderValue| value.to_str().unwrap().to_owned();
        assert_eq!(
            text(Jar::new(true).set_session("id")),
            "__Host-vardstrom=id; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(text(Jar::new(false).set_session("id")), "vardstrom=id; Path=/; HttpOnly; SameSite=Lax");
        assert!(text(Jar::new(true).forget_session()).ends_with("; Secure; Max-Age=0"));
    }

    #[test]
    fn a_login_goes_back_to_an_address_of_ours() {
        for (asked, gone) in [
            ("/sv/region/14?vy=vagg", "/sv/region/14?vy=vagg"),
            ("//elsewhere.example/", "/"),
            ("https://elsewhere.example/", "/"),
            ("/\\elsewhere.example", "/"),
            ("/a b", "/"),
            ("/a\r\nset-cookie: b=c", "/"),
            ("", "/"),
        ] {
            assert_eq!(own(asked), gone);
        }
        assert_eq!(own(&format!("/{}", "a".repeat(BACK_MAX))), "/");
        let progress = Progress { secret: "s".repeat(43), back: "/sv".to_owned() };
        assert_eq!(Progress::of(&progress.text()), Some(progress));
        assert_eq!(Progress::of("short.L3N2"), None);
    }

    #[test]
    fn the_right_cookie_is_read_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("tema=ljust; vardstrom-inloggning=b"));
        headers.append(header::COOKIE, HeaderValue::from_static("vardstrom=a"));
        assert_eq!(Jar::new(false).session(&headers), Some("a"));
        assert_eq!(Jar::new(true).session(&headers), None);
    }
}
