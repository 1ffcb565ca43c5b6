//! The browser of these tests: one that does not get through ends its test.

pub(crate) use local_stack::{Page, attribute};

pub(crate) struct Browser(local_stack::Browser);

impl Browser {
    pub(crate) fn new() -> Self {
        Self(local_stack::Browser::default())
    }

    /// One answer; no redirect is followed.
    pub(crate) fn step(&mut self, url: &str, form: Option<&[(&str, &str)]>) -> Page {
        self.0.step(url, form).unwrap()
    }

    /// Follows redirects to their end.
    pub(crate) fn open(&mut self, url: &str) -> Page {
        self.0.open(url).unwrap()
    }

    /// Opens an address of a service, and logs in at Keycloak's form.
    pub(crate) fn log_in(&mut self, url: &str, user: &str) -> Page {
        self.0.log_in(url, user).unwrap()
    }
}

impl std::ops::Deref for Browser {
    type Target = local_stack::Browser;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl std::ops::DerefMut for Browser {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
