//! `probity kyc submit`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use domain::custody::kyc::{DocumentKind, NewDocument, SubmitKyc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::printout;
use crate::failure::Failure;
use crate::verb::{Printout, Verb, Work};

/// Arguments of `probity kyc submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// User name, id or e-mail address
    #[arg(value_name = "NAME")]
    user: String,
    /// The tier that is asked for: 0, 1 or 2
    #[arg(long)]
    tier: u64,
    /// A document: its kind and its file, or its kind and its SHA-256 in hex
    #[arg(long = "document", value_name = "KIND=FILE|KIND:HEX", value_parser = document)]
    documents: Vec<Document>,
    /// An id of your own: the same id with the same content is the same record
    #[arg(long)]
    id: Option<Uuid>,
}

/// A document as it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Document {
    kind: DocumentKind,
    content: Content,
}

/// What its digest is taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    File(PathBuf),
    Digest([u8; 32]),
}

fn document(text: &str) -> Result<Document, String> {
    let position = text.find(['=', ':']).ok_or("use KIND=FILE, or KIND:HEX")?;
    let (kind, content) = text.split_at(position);
    let kind = DocumentKind::read("kind", kind).map_err(|error| format!("its kind {}", error.message))?;
    let content = if let Some(path) = content.strip_prefix('=') {
        Content::File(PathBuf::from(path))
    } else {
        let digest = content.strip_prefix(':').map(str::to_ascii_lowercase);
        let digest = digest.and_then(|hex| evidence::json::from_hex(&hex));
        Content::Digest(digest.ok_or("a SHA-256 has 64 hex digits")?)
    };
    Ok(Document { kind, content })
}

/// The SHA-256 of a file, which may be a long film.
fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hash.finalize().into()),
            length => hash.update(&chunk[..length]),
        }
    }
}

impl Document {
    fn read(self) -> Result<NewDocument, Failure> {
        let sha256 = match self.content {
            Content::Digest(digest) => digest,
            Content::File(path) => digest(&path).map_err(|error| Failure::file("read", &path, &error))?,
        };
        Ok(NewDocument {
            kind: self.kind,
            sha256,
        })
    }
}

impl Verb for SubmitArgs {
    async fn run(self, work: &Work<'_>) -> Result<Printout, Failure> {
        let documents = self.documents.into_iter().map(Document::read);
        let command = SubmitKyc {
            id: self.id,
            documents: documents.collect::<Result<_, _>>()?,
            user: work.user(&self.user).await?.row.id,
            tier: self.tier,
        };
        printout(work, work.submit(command).await?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_files_or_digests() {
        let hex = "0f".repeat(32);
        for (text, expected) in [
            (
                "passport=a:b=c.pdf".to_owned(),
                Some((DocumentKind::Passport, Content::File("a:b=c.pdf".into()))),
            ),
            (
                format!("selfie:{hex}"),
                Some((DocumentKind::Selfie, Content::Digest([15; 32]))),
            ),
            (format!("selfie:{hex}0"), None),
            (format!("selfie:{}é", "0".repeat(62)), None),
            (format!("photo:{hex}"), None),
            ("passport".to_owned(), None),
        ] {
            let found = document(&text).ok().map(|found| (found.kind, found.content));
            assert_eq!(found, expected, "{text}");
        }
    }
}
