//! What the connector counts.

use runtime::metrics::{By, Counter, Family, Gauge, Histogram, Keys};
use schemas::FileFault;

runtime::labels! {
    /// How a message was answered.
    pub enum Answered("answer") {
        /// AA: stored.
        ApplicationAccept = "AA",
        /// AE: not stored now, to be sent again.
        ApplicationError = "AE",
        /// AR: never to be accepted in this form.
        ApplicationReject = "AR",
        /// CA: stored, enhanced mode.
        CommitAccept = "CA",
        /// CE: not stored now, enhanced mode.
        CommitError = "CE",
        /// CR: never to be accepted in this form, enhanced mode.
        CommitReject = "CR",
        /// The sender asked for no answer to this outcome.
        None = "none",
    }
}

runtime::labels! {
    /// Why a connection was turned away or ended by us.
    pub enum Turned("reason") {
        /// All of the port's places are taken.
        Full = "full",
        /// Its address has its share of the port's places.
        AddressFull = "address-full",
        /// Closed so that another could have its place.
        Replaced = "replaced",
        /// No TLS handshake with an acceptable certificate.
        Handshake = "handshake",
        /// No message within `limits.idle`, or nothing for `limits.silent` after the last.
        Idle = "idle",
        /// A message begun and not ended within `limits.unfinished`.
        Unfinished = "unfinished",
        /// A message far over the limit without an end.
        Endless = "endless",
    }
}

runtime::labels! {
    /// Something about what was received that somebody should look at.
    pub enum Oddity("kind") {
        /// No MSH segment; recorded raw.
        Unreadable = "unreadable",
        /// Longer than `limits.message`, also without its documents; recorded by its coordinates.
        Oversized = "oversized",
        /// Longer than `limits.message`; recorded without its documents.
        Shortened = "shortened",
        /// Begun and not ended when the connection closed: not recorded, not answered. Or when the next began: answered AE.
        CutShort = "cut-short",
        /// A frame without its end block, ended by the next frame's start.
        Unended = "unended",
        /// A batch in one frame.
        Batch = "batch",
    }
}

runtime::labels! {
    pub enum Source("source") {
        /// An MLLP connection.
        Mllp = "mllp",
        /// An HL7 file.
        Replay = "replay",
        /// A capacity file.
        Capacity = "capacity",
        /// A table file.
        Table = "table",
        /// A database.
        Cdc = "cdc",
        /// A FHIR server, or its files.
        Fhir = "fhir",
        /// Debezium topics of the region's own Kafka.
        Debezium = "debezium",
    }
}

runtime::labels! {
    /// Why a watched file could not be used.
    pub enum FileTrouble("reason") {
        /// Missing or not readable.
        Unreadable = "unreadable",
        /// Larger than its limit.
        Oversized = "oversized",
        /// No header row was recognised.
        Headless = "headless",
        /// The folder holds more files than `limits.files`.
        TooMany = "too-many",
        /// A table file was left out as a whole; [`TableFault`] says why.
        LeftOut = "left-out",
    }
}

runtime::labels! {
    /// Why a table file was left out; the codes of [`FileFault`].
    pub enum TableFault("fault") {
        /// The last row ends before its last column.
        Truncated = "file-truncated",
        /// A row in the middle has more or fewer cells than the header.
        RowUneven = "file-row-uneven",
        /// A quoted cell never ends.
        QuoteOpen = "file-quote-open",
        /// The first line is no header.
        Headless = "file-headless",
        /// The header lacks a column.
        ColumnMissing = "file-column-missing",
        /// Bytes that the encoding does not have.
        NotText = "file-not-text",
        /// A row longer than a message may be.
        RowOversized = "file-row-oversized",
        /// The file is larger than its limit.
        Oversized = "file-oversized",
    }
}

impl TableFault {
    /// The label of a fault.
    pub fn of(fault: FileFault) -> Self {
        match fault {
            FileFault::Truncated => Self::Truncated,
            FileFault::RowUneven => Self::RowUneven,
            FileFault::QuoteOpen => Self::QuoteOpen,
            FileFault::Headless => Self::Headless,
            FileFault::ColumnMissing => Self::ColumnMissing,
            FileFault::NotText => Self::NotText,
            FileFault::RowOversized => Self::RowOversized,
            FileFault::Oversized => Self::Oversized,
        }
    }
}

/// Labels `region` and `feed`.
#[derive(Clone, Copy, Debug)]
pub enum RegionFeed {}

impl Keys for RegionFeed {
    const NAMES: &'static [&'static str] = &["region", "feed"];
}

/// Labels `region` and `slot`.
#[derive(Clone, Copy, Debug)]
pub enum RegionSlot {}

impl Keys for RegionSlot {
    const NAMES: &'static [&'static str] = &["region", "slot"];
}

/// Labels `region`, `feed` and `server`: host and port.
#[derive(Clone, Copy, Debug)]
pub enum RegionFeedServer {}

impl Keys for RegionFeedServer {
    const NAMES: &'static [&'static str] = &["region", "feed", "server"];
}

/// Labels `region` and `name`.
#[derive(Clone, Copy, Debug)]
pub enum RegionName {}

impl Keys for RegionName {
    const NAMES: &'static [&'static str] = &["region", "name"];
}

runtime::metrics! {
    /// What the connector counts. Never a value, never a name from a message.
    pub struct Metrics {
        /// MLLP connections that are open.
        pub connections_open: Gauge = "mllp_connections",
        /// MLLP connections that were accepted.
        pub connections: Counter = "mllp_connections_total",
        /// MLLP connections that were turned away or ended by us, by reason.
        pub connections_turned: By<Turned, Counter> = "mllp_connections_turned_total",
        /// Messages answered over MLLP, by answer.
        pub answered: By<Answered, Counter> = "mllp_answers_total",
        /// Bytes read from MLLP connections.
        pub bytes_read: Counter = "mllp_read_bytes_total",
        /// Bytes read outside of any MLLP frame, line ends not counted: passed over, unanswered.
        pub junk: Counter = "mllp_junk_bytes_total",
        /// Time from a message's last byte read to its answer written.
        pub answer_delay: Histogram = "mllp_answer_seconds",
        /// Records that Kafka has acknowledged, by region and feed.
        pub stored: Family<RegionFeed, Counter> = "records_stored_total",
        /// Time of the last record that Kafka has acknowledged, in seconds since 1970, by region and feed; 0 before the first.
        pub stored_last: Family<RegionFeed, Gauge> = "record_stored_last_timestamp_seconds",
        /// Records read from their source, by kind of source. What is sent again after a failure counts again.
        pub received: By<Source, Counter> = "records_received_total",
        /// Records that Kafka did not take, or that could not be sealed; their sources still hold them.
        pub failed: By<Source, Counter> = "records_failed_total",
        /// Oddities of what was received, by kind.
        pub oddities: By<Oddity, Counter> = "oddities_total",
        /// Bytes received and not yet acknowledged by Kafka, all sources together.
        pub bytes_in_flight: Gauge = "in_flight_bytes",
        /// Records handed to Kafka and not yet acknowledged.
        pub records_in_flight: Gauge = "in_flight_records",
        /// 1 while Kafka acknowledges, 0 while it is away and nothing more is read.
        pub broker_available: Gauge = "broker_available",
        /// Times that Kafka went away.
        pub broker_losses: Counter = "broker_losses_total",
        /// Capacity rows sent.
        pub capacity_rows: Counter = "capacity_rows_total",
        /// Capacity files read to their end.
        pub capacity_files: Counter = "capacity_files_total",
        /// Table rows sent. What is sent again after a failure counts again.
        pub table_rows: Counter = "table_rows_total",
        /// Table files sent to their end.
        pub table_files: Counter = "table_files_total",
        /// Table files left out as a whole, by what is wrong with them.
        pub table_faults: By<TableFault, Counter> = "table_faults_total",
        /// Watched files that could not be used, by reason.
        pub file_troubles: By<FileTrouble, Counter> = "file_troubles_total",
        /// Times that the folder of an SFTP server was listed.
        pub sftp_looks: Family<RegionFeedServer, Counter> = "sftp_looks_total",
        /// Files fetched to their end from SFTP servers.
        pub sftp_files: Family<RegionFeedServer, Counter> = "sftp_files_total",
        /// Bytes fetched from SFTP servers. What is fetched again after a failure counts again.
        pub sftp_bytes: Family<RegionFeedServer, Counter> = "sftp_bytes_total",
        /// 1 while an SFTP server's folder is looked at, 0 while it is away or does not let us in.
        pub sftp_connected: Family<RegionFeedServer, Gauge> = "sftp_connected",
        /// Times that an SFTP server went away.
        pub sftp_outages: Family<RegionFeedServer, Counter> = "sftp_outages_total",
        /// Rows read in snapshots of databases. What is read again after a failure counts again.
        pub cdc_snapshot_rows: Family<RegionSlot, Counter> = "cdc_snapshot_rows_total",
        /// Changes read from databases. What is read again after a failure counts again.
        pub cdc_changes: Family<RegionSlot, Counter> = "cdc_changes_total",
        /// Bytes of log that a database has sent or passed over and its slot is not yet told to be stored.
        pub cdc_lag_bytes: Family<RegionSlot, Gauge> = "cdc_confirmed_lag_bytes",
        /// 1 while a database is followed, 0 while it is away or not set up.
        pub cdc_connected: Family<RegionSlot, Gauge> = "cdc_connected",
        /// Times that a database went away.
        pub cdc_outages: Family<RegionSlot, Counter> = "cdc_outages_total",
        /// Changes read from a region's own Debezium topics. What is read again after a failure counts again.
        pub debezium_changes: Family<RegionName, Counter> = "debezium_changes_total",
        /// Tombstones of a region's own Debezium topics, which are passed over.
        pub debezium_tombstones: Family<RegionName, Counter> = "debezium_tombstones_total",
        /// Messages of a region's own Debezium topics whose offsets are not committed yet.
        pub debezium_lag: Family<RegionName, Gauge> = "debezium_lag_messages",
        /// 1 while a region's own Kafka is read, 0 while it is away or not set up.
        pub debezium_connected: Family<RegionName, Gauge> = "debezium_connected",
        /// Times that a region's own Kafka went away.
        pub debezium_outages: Family<RegionName, Counter> = "debezium_outages_total",
        /// Versions of resources sent from a FHIR server. What is sent again after a failure counts again.
        pub fhir_resources: Family<RegionName, Counter> = "fhir_resources_total",
        /// Versions that a FHIR server gave again within the overlap, and that were recognised.
        pub fhir_known: Family<RegionName, Counter> = "fhir_resources_known_total",
        /// Pages of searches read from a FHIR server.
        pub fhir_pages: Family<RegionName, Counter> = "fhir_pages_total",
        /// Resources read one by one because they go with another and no page brought them.
        pub fhir_reads: Family<RegionName, Counter> = "fhir_context_reads_total",
        /// Resources that go with another and that the FHIR server does not have, or not for us.
        pub fhir_missing: Family<RegionName, Counter> = "fhir_context_missing_total",
        /// Resources that go with another and that a FHIR server failed to give, try after try: sent without them.
        pub fhir_failed: Family<RegionName, Counter> = "fhir_context_failed_total",
        /// Searches and histories that a FHIR server ended though there is more, which no time leads to.
        pub fhir_cut: Family<RegionName, Counter> = "fhir_searches_cut_total",
        /// Deletions in a FHIR server's history of what is there again: not sent.
        pub fhir_overtaken: Family<RegionName, Counter> = "fhir_deletions_overtaken_total",
        /// Times that a FHIR server told us to look at once.
        pub fhir_notified: Family<RegionName, Counter> = "fhir_notifications_total",
        /// 1 while a FHIR server is read, 0 while it is away or busy, or something of it cannot be read.
        pub fhir_connected: Family<RegionName, Gauge> = "fhir_connected",
        /// Times that a FHIR server went away, or failed at something that it was asked.
        pub fhir_outages: Family<RegionName, Counter> = "fhir_outages_total",
    }
}

/// What is counted of one slot.
#[derive(Clone)]
pub struct SlotCounts {
    pub snapshot_rows: Counter,
    pub changes: Counter,
    /// Bytes of log that are not confirmed.
    pub lag_bytes: Gauge,
    /// Whether the database is followed.
    pub connected: Gauge,
    /// Times that it went away.
    pub outages: Counter,
}

/// What is counted of one SFTP server and feed.
#[derive(Clone)]
pub struct ServerCounts {
    /// Times that its folder was listed.
    pub looks: Counter,
    pub files: Counter,
    /// Bytes fetched.
    pub bytes: Counter,
    /// Whether its folder is looked at.
    pub connected: Gauge,
    /// Times that it went away.
    pub outages: Counter,
}

/// What is counted of one FHIR server.
#[derive(Clone)]
pub struct FhirCounts {
    pub resources: Counter,
    pub known: Counter,
    pub pages: Counter,
    /// Resources read one by one.
    pub reads: Counter,
    /// Resources that were not there.
    pub missing: Counter,
    /// Resources that were done without.
    pub failed: Counter,
    /// Searches that were cut short.
    pub cut: Counter,
    pub overtaken: Counter,
    pub notified: Counter,
    /// Whether the server is read.
    pub connected: Gauge,
    /// Times that it went away.
    pub outages: Counter,
}

impl Metrics {
    /// The counts of a server that a region's feed comes from, at zero before they move.
    pub fn of_server(&self, region: &str, feed: &str, server: &str) -> ServerCounts {
        let labels = [region, feed, server];
        ServerCounts {
            looks: self.sftp_looks.of(&labels),
            files: self.sftp_files.of(&labels),
            bytes: self.sftp_bytes.of(&labels),
            connected: self.sftp_connected.of(&labels),
            outages: self.sftp_outages.of(&labels),
        }
    }
}

/// What is counted of one source of Debezium topics.
#[derive(Clone)]
pub struct DebeziumCounts {
    pub changes: Counter,
    pub tombstones: Counter,
    /// Messages that are not committed.
    pub lag: Gauge,
    /// Whether the topics are read.
    pub connected: Gauge,
    /// Times that their Kafka went away.
    pub outages: Counter,
}

impl Metrics {
    /// The counts of a region's Debezium topics, at zero before they move.
    pub fn of_debezium(&self, region: &str, name: &str) -> DebeziumCounts {
        let labels = [region, name];
        DebeziumCounts {
            changes: self.debezium_changes.of(&labels),
            tombstones: self.debezium_tombstones.of(&labels),
            lag: self.debezium_lag.of(&labels),
            connected: self.debezium_connected.of(&labels),
            outages: self.debezium_outages.of(&labels),
        }
    }

    /// The counts of a region's FHIR server, at zero before they move.
    pub fn of_fhir(&self, region: &str, name: &str) -> FhirCounts {
        let labels = [region, name];
        FhirCounts {
            resources: self.fhir_resources.of(&labels),
            known: self.fhir_known.of(&labels),
            pages: self.fhir_pages.of(&labels),
            reads: self.fhir_reads.of(&labels),
            missing: self.fhir_missing.of(&labels),
            failed: self.fhir_failed.of(&labels),
            cut: self.fhir_cut.of(&labels),
            overtaken: self.fhir_overtaken.of(&labels),
            notified: self.fhir_notified.of(&labels),
            connected: self.fhir_connected.of(&labels),
            outages: self.fhir_outages.of(&labels),
        }
    }

    /// The counts of a region's slot, at zero before they move.
    pub fn of_slot(&self, region: &str, slot: &str) -> SlotCounts {
        let labels = [region, slot];
        SlotCounts {
            snapshot_rows: self.cdc_snapshot_rows.of(&labels),
            changes: self.cdc_changes.of(&labels),
            lag_bytes: self.cdc_lag_bytes.of(&labels),
            connected: self.cdc_connected.of(&labels),
            outages: self.cdc_outages.of(&labels),
        }
    }
}

#[cfg(test)]
mod tests {
    use runtime::metrics::Label;

    use super::*;

    #[test]
    fn a_fault_has_the_same_name_in_a_metric_and_in_a_payload() {
        assert_eq!(FileFault::ALL.map(|fault| TableFault::of(fault).value()), FileFault::ALL.map(FileFault::code));
    }
}
