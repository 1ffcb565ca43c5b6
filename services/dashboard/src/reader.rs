//! Reads what is new in `register.published`, once a minute, in a task of its own: the live board never waits for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use board::format;
use figures::period::Period;
use figures::published::parcel::{Head, Manifest};
use figures::published::{Extract, Library, Parcel, Reading};
use postgresql::Address;
use runtime::exit;
use runtime::shutdown::Shutdown;
use schemas::Timestamp;
use topics::Region;

use crate::hub::Hub;
use crate::store::{self, Error, Store};

/// How often the store is asked.
const EVERY: Duration = Duration::from_secs(60);
/// How long everything that is new may take to come.
const WAIT: Duration = Duration::from_secs(300);
/// Months that are held: thirteen before the oldest month that a page offers with a full series.
pub const MONTHS: u16 = 25;
/// Years that are held.
pub const YEARS: u16 = 6;
/// Most parcels held: every region, month and year of every extract.
pub const PARCELS_MAX: usize = 21 * (MONTHS as usize * 3 + YEARS as usize);
/// Most bytes of a parcel's files, as the store keeps them (compressed); the publisher's own limit is 4 MiB a file.
pub const PARCEL_BYTES_MAX: i64 = 8 << 20;
/// Most bytes of files held, counted the same way.
pub const BYTES_MAX: i64 = 128 << 20;
/// Only these files are read of a parcel.
const FILES: [&str; 9] = [
    "waits_by_step.csv",
    "waits_by_dimension.csv",
    "quality.csv",
    "cost_by_care_form.csv",
    "cost_by_hospital.csv",
    "cost_by_drg.csv",
    "cost_by_component.csv",
    "hip_by_hospital.csv",
    "hip_pathway.csv",
];

/// Asks until shutdown. What cannot be read stays as it was, and the pages say since when.
pub async fn follow(hub: Arc<Hub>, address: Address, shutdown: Shutdown) {
    let mut reader = Reader::default();
    loop {
        let now = hub.now();
        let read = async { reader.refresh(&mut Store::connect(&address).await?, now).await };
        match store::within(WAIT, read).await {
            Ok(library) => hub.shelf.put(library),
            Err(error) => {
                tracing::warn!("published figures are not read: {}", exit::chain(&error));
                hub.shelf.fail(now);
            }
        }
        if shutdown.within(EVERY).await {
            return;
        }
    }
}

type Series = (Extract, Region, Period);

/// What has been read before, so that a parcel is read and parsed once.
#[derive(Default)]
pub struct Reader {
    /// By series: the row that was read, and its figures unless they could not be understood.
    held: HashMap<Series, (Head, Option<Arc<Parcel>>)>,
}

impl Reader {
    /// What is published now; only what is new is fetched.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn refresh(&mut self, store: &mut Store, now: Timestamp) -> Result<Library, Error> {
        let month: Period = format::date(now)[..7].parse().expect("a date begins with its month");
        let (since_month, since_year) = (month.back(MONTHS), month.year().back(YEARS));
        let mut listed = store.published(&since_month.to_string(), &since_year.to_string(), PARCELS_MAX).await?;
        // Newest first, so that the oldest are left out when there is too much.
        listed.sort_by_key(|(head, _)| std::cmp::Reverse(head.period));
        let (mut held, mut bytes, mut left_out) = (HashMap::new(), 0_i64, 0);
        for (head, length) in listed {
            let key = (head.extract, head.region, head.period);
            if length > PARCEL_BYTES_MAX || bytes.saturating_add(length) > BYTES_MAX {
                left_out += 1;
                continue;
            }
            bytes += length;
            let parcel = match self.held.get(&key) {
                Some((known, parcel)) if *known == head => parcel.clone(),
                _ => Self::fetch(store, head.clone()).await?,
            };
            left_out += usize::from(parcel.is_none());
            held.insert(key, (head, parcel));
        }
        self.held = held;
        let parcels = self.held.values().filter_map(|(_, parcel)| parcel.clone());
        Ok(Library::of(Reading::At(now), parcels, left_out))
    }

    async fn fetch(store: &mut Store, head: Head) -> Result<Option<Arc<Parcel>>, Error> {
        let (manifest, files) = store.parcel(&head, &FILES).await?;
        let place = format!("{} of region {} and {}", head.extract.name(), head.region.code(), head.period);
        let manifest: Manifest = match serde_json::from_value(manifest) {
            Ok(manifest) => manifest,
            Err(_) => {
                tracing::warn!("the manifest of {place} lacks a field; publish it again with a newer sink-register");
                return Ok(None);
            }
        };
        let texts: BTreeMap<String, String> = files
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())))
            .collect();
        match Parcel::of(head, manifest, &texts) {
            Ok(parcel) => Ok(Some(Arc::new(parcel))),
            Err(error) => {
                tracing::warn!("figures of {place} are not shown: {}", exit::chain(&error));
                Ok(None)
            }
        }
    }
}
