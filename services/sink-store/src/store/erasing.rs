//! Who is erased, as the store knows it while it writes.

use std::collections::HashSet;

use super::Store;
use crate::error::{Attempt, Error};
use crate::session::Purpose;

const KNOWN: &str = "SELECT node, done FROM delivery.erased WHERE region = $1 AND NOT names_nobody";

impl Store {
    /// Whether somebody is to be erased whose events may be stored.
    #[must_use]
    pub fn is_erasing(&self, region: &str) -> bool {
        self.erasing.contains(region)
    }

    /// Nobody is still to be erased; of these nodes no event is stored from now on.
    pub(crate) fn note_erased(&mut self, region: &str, nodes: &[String]) {
        self.erasing.remove(region);
        self.erased.entry(region.to_owned()).or_default().extend(nodes.iter().cloned());
    }

    /// Who is erased, and whether somebody is still to be.
    pub(super) async fn learn_erased(&mut self, region: &str) -> Result<(), Error> {
        let attempt = || format!("read who is erased in region {region}");
        self.session.begin(region, Purpose::Write).await.attempt(attempt)?;
        let rows = self.session.client().query(KNOWN, &[&region]).await.attempt(attempt)?;
        self.session.commit().await.attempt(attempt)?;
        let mut nodes = HashSet::new();
        for row in &rows {
            if row.get(1) {
                nodes.insert(row.get(0));
            } else {
                self.erasing.insert(region.to_owned());
            }
        }
        self.erased.insert(region.to_owned(), nodes);
        Ok(())
    }
}
