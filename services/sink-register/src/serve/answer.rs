//! What is answered.

use std::io::SeekFrom;
use std::path::Path;

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::OwnedSemaphorePermit;

use super::confirm::Confirmation;
use super::metrics::Answered;
use super::range::Part;
use crate::error::Error;
use parcel::{Checked, Manifest};

const PIECE_BYTES: usize = 64 << 10;

/// Why a request is not answered as it was asked.
#[derive(Debug)]
pub(super) enum Refusal {
    /// No token of a recipient; why one that was shown does not hold.
    Unknown(Option<&'static str>),
    /// A token that holds, of a program that fetches for no recipient.
    NoRecipient,
    /// No such parcel or file of this recipient.
    Absent,
    /// The body is no receipt.
    Malformed,
    /// The receipt is of another manifest.
    Differs,
    /// The file has no such bytes; its length.
    Range(u64),
    /// Too many files are sent.
    Busy,
    /// Something of ours; the log has it.
    Unavailable,
}

impl Refusal {
    /// Something of ours failed: logged here, and not told to the recipient.
    pub(super) fn failed(error: &Error) -> Self {
        tracing::error!("{}", runtime::exit::chain(error));
        Self::Unavailable
    }

    pub(super) const fn answered(&self) -> Answered {
        match self {
            Self::Unknown(_) => Answered::Unknown,
            Self::NoRecipient => Answered::Denied,
            Self::Absent => Answered::Absent,
            Self::Malformed | Self::Differs | Self::Range(_) => Answered::Wrong,
            Self::Busy | Self::Unavailable => Answered::Unavailable,
        }
    }

    pub(super) fn response(&self) -> Response {
        let (status, text) = match self {
            Self::Unknown(why) => {
                (StatusCode::UNAUTHORIZED, why.unwrap_or("send Authorization: Bearer and your token"))
            }
            Self::NoRecipient => (StatusCode::FORBIDDEN, "your program fetches for no recipient here"),
            Self::Absent => (StatusCode::NOT_FOUND, "you have no such parcel or file"),
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, "not a receipt; send {\"parcel\": name, \"manifest_sha256\": digits}")
            }
            Self::Differs => {
                (StatusCode::CONFLICT, "the receipt is not of this parcel's manifest.json; fetch the parcel again")
            }
            Self::Range(_) => (StatusCode::RANGE_NOT_SATISFIABLE, "the file has no such bytes"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "too many files are being sent; try again"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "not now; try again, or tell the sender"),
        };
        let mut response = (status, Json(json!({ "error": text }))).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unknown(why) => {
                let error = why.map(|why| format!(" error=\"invalid_token\", error_description=\"{why}\""));
                headers.insert(header::WWW_AUTHENTICATE, text_of(format!("Bearer{}", error.unwrap_or_default())));
            }
            Self::Range(bytes) => {
                headers.insert(header::CONTENT_RANGE, text_of(format!("bytes */{bytes}")));
            }
            Self::Busy | Self::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            }
            _ => {}
        }
        response
    }
}

fn text_of(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("our own words are ASCII")
}

pub(super) fn list(manifests: &[Manifest]) -> Response {
    let parcel = |manifest: &Manifest| {
        json!({
            "parcel": manifest.name(),
            "extract": manifest.extract,
            "region": manifest.region,
            "period": manifest.period,
            "version": manifest.version,
            "replaces": manifest.replaces,
        })
    };
    Json(json!({ "parcels": manifests.iter().map(parcel).collect::<Vec<_>>() })).into_response()
}

pub(super) fn files(checked: &Checked) -> Response {
    let file =
        |(name, (sha256, bytes)): (&String, &(String, u64))| json!({ "name": name, "bytes": bytes, "sha256": sha256 });
    let files: Vec<_> = checked.files.iter().map(file).collect();
    Json(json!({ "parcel": checked.manifest.name(), "files": files })).into_response()
}

pub(super) fn receipt(confirmation: &Confirmation) -> Response {
    Json(json!({ "received": confirmation })).into_response()
}

/// The bytes of a file; `place` is given back when the last of them, or the connection, has gone.
pub(super) async fn file(
    path: &Path,
    part: Part,
    bytes: u64,
    place: OwnedSemaphorePermit,
) -> Result<Response, Refusal> {
    let failed = |source| Refusal::failed(&Error::File { attempt: "read", path: path.to_owned(), source });
    let mut file = File::open(path).await.map_err(failed)?;
    file.seek(SeekFrom::Start(part.start)).await.map_err(failed)?;
    let pieces = futures_util::stream::try_unfold((file.take(part.length), place), |(mut file, place)| async move {
        let mut piece = vec![0; PIECE_BYTES];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        // A file that has become shorter ends early, which the announced length tells.
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(piece), (file, place))))
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(part.length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !part.whole {
        let last = part.start + part.length - 1;
        headers.insert(header::CONTENT_RANGE, text_of(format!("bytes {}-{last}/{bytes}", part.start)));
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}
