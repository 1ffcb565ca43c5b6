//! An identity written into every place of the central zone to which no leaking processor carries it: by Kafka's and PostgreSQL's
//! own means, and as a file.

use std::{fs, time::Duration};

use load_tests::{account, stack::Stack};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};
use tokio::runtime::Runtime;

const PATIENCE: Duration = Duration::from_secs(30);

/// What must be held for the identity to stay where it is.
pub(super) struct Planted {
    runtime: Runtime,
    session: tokio_postgres::Client,
}

/// Writes the identity everywhere.
pub(super) fn plant(stack: &Stack, identity: &str) -> Planted {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    kafka(stack, identity, &runtime);
    tables(stack, identity);
    fs::write(stack.folder().join("note.txt"), identity).expect("written");
    let session = sorting(stack, identity, &runtime);
    Planted { runtime, session }
}

impl Planted {
    /// Ends the statement that has not ended.
    pub(super) fn end(self) {
        self.runtime.block_on(self.session.batch_execute("rollback")).expect("the session answers");
    }
}

/// In a topic's name, and there in a key, a header and the text that a consumer commits.
fn kafka(stack: &Stack, identity: &str, runtime: &Runtime) {
    let topic = format!("planted.{identity}");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", stack.bootstrap()).set("group.id", "planted").set("log_level", "3");
    let administrator: AdminClient<DefaultClientContext> = config.create().expect("a Kafka client");
    let topics = [NewTopic::new(&topic, 1, TopicReplication::Fixed(1))];
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let made = runtime.block_on(administrator.create_topics(&topics, &options)).expect("Kafka answers");
    assert!(made.iter().all(Result::is_ok), "a topic is made");

    let producer: BaseProducer = config.create().expect("a Kafka client");
    let headers = OwnedHeaders::new().insert(Header { key: "planted", value: Some(identity) });
    let record = BaseRecord::to(&topic).key(identity).payload("nothing").headers(headers);
    producer.send(record).map_err(|(error, _)| error).expect("there is room in the queue");
    producer.flush(PATIENCE).expect("Kafka answers");

    let consumer: BaseConsumer = config.create().expect("a Kafka client");
    let mut list = TopicPartitionList::new();
    let mut element = list.add_partition(&topic, 0);
    element.set_offset(Offset::Offset(1)).expect("an offset is a number");
    element.set_metadata(identity);
    consumer.commit(&list, CommitMode::Sync).expect("Kafka answers");
}

/// In rows, one of them compressed in its table, one compressed beside it, and one that cannot be compressed and lies beside it as it
/// is; in an index, a warning and a file of the server.
fn tables(stack: &Stack, identity: &str) {
    let run = |sql: &str| account::query(stack, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    run("create table planted (note text)");
    run("create index on planted (note)");
    // Often enough to be among the values that statistics keep.
    run(&format!("insert into planted select '{identity}' from generate_series(1, 100)"));
    run("create table planted_long (note text)");
    run(&format!("insert into planted_long values (repeat('Fri text om {identity}. ', 200))"));
    // Lines that differ cannot be compressed so far that the text stays in its table.
    run(&format!(
        "insert into planted_long select string_agg(md5(line::text) || ' om {identity}', ' ') from generate_series(1, 500) line"
    ));
    // A scanned page of a known person: bytes that pglz gives up on, and the number behind them.
    run("create table planted_scan (page bytea)");
    run(&format!(
        "insert into planted_scan select string_agg(decode(md5(line::text), 'hex'), ''::bytea) || '{identity}'::bytea \
         from generate_series(1, 500) line"
    ));
    let kept = "select pg_column_compression(page) is null and pg_column_size(page) = length(page) from planted_scan";
    assert!(run(kept)[0].get::<_, bool>(0), "the page is not compressed");
    run(&format!("do $$ begin raise warning 'om {identity}'; end $$"));
    let folder = stack.postgres_folder().expect("a database server of the run's own").display();
    run(&format!("copy (select '{identity}') to '{folder}/data/planted'"));
}

/// In a file that a statement sorts in and that is there until the statement ends.
fn sorting(stack: &Stack, identity: &str, runtime: &Runtime) -> tokio_postgres::Client {
    let sql = format!(
        "set work_mem = '64kB'; begin; declare sorted cursor for \
         select line, '{identity}' as note from generate_series(1, 20000) line order by md5(line::text), note; \
         fetch 1 from sorted"
    );
    runtime.block_on(async {
        let (session, connection) =
            tokio_postgres::connect(stack.database_url(), tokio_postgres::NoTls).await.expect("PostgreSQL answers");
        tokio::spawn(connection);
        session.batch_execute(&sql).await.expect("PostgreSQL sorts");
        session
    })
}
