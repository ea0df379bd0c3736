//! Unpacking bodies: into so much memory and no more, whatever is packed.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use crate::request::Fault;

/// Takes in what was unpacked, as long as it is within its bounds.
struct Unpacked<R> {
    bytes: Vec<u8>,
    max: usize,
    /// Asks for room for so many more bytes.
    room: R,
    fault: Option<Fault>,
}

/// Memory grows by as much at most.
const GROWTH_MAX: usize = 4 * 1024 * 1024;

impl<R: FnMut(usize) -> bool> Unpacked<R> {
    fn take(&mut self, part: &[u8]) -> Result<(), Fault> {
        let needed = self.bytes.len() + part.len();
        if needed > self.max {
            let max = self.max;
            return Err(Fault::TooLarge(format!(
                "the body has more than {max} bytes, unpacked: the most that is taken"
            )));
        }
        let capacity = self.bytes.capacity();
        if needed > capacity {
            let grown = capacity + capacity.clamp(8 * 1024, GROWTH_MAX);
            let grown = grown.max(needed).min(self.max);
            if !(self.room)(grown - capacity) {
                return Err(Fault::NoRoom);
            }
            self.bytes.reserve_exact(grown - self.bytes.len());
        }
        self.bytes.extend_from_slice(part);
        Ok(())
    }
}

impl<R: FnMut(usize) -> bool> Write for Unpacked<R> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        match self.take(part) {
            Ok(()) => Ok(part.len()),
            Err(fault) => {
                self.fault = Some(fault);
                Err(io::Error::other("beyond the bounds"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Way<R: FnMut(usize) -> bool> {
    Plain(Unpacked<R>),
    Gzip(Box<MultiGzDecoder<Unpacked<R>>>),
}

/// A body as it comes in, part by part.
pub struct Body<R: FnMut(usize) -> bool>(Way<R>);

impl<R: FnMut(usize) -> bool> Body<R> {
    /// One of at most so many bytes, for which `room` is asked; packed by gzip or not.
    pub fn new(gzip: bool, max: usize, room: R) -> Body<R> {
        let unpacked = Unpacked {
            bytes: Vec::new(),
            max,
            room,
            fault: None,
        };
        Body(if gzip {
            Way::Gzip(Box::new(MultiGzDecoder::new(unpacked)))
        } else {
            Way::Plain(unpacked)
        })
    }

    /// Takes in a part.
    pub fn take(&mut self, part: &[u8]) -> Result<(), Fault> {
        match &mut self.0 {
            Way::Plain(unpacked) => unpacked.take(part),
            Way::Gzip(gzip) => gzip
                .write_all(part)
                .map_err(|error| fault(gzip.get_mut().fault.take(), &error)),
        }
    }

    /// All of it, once the last part is in.
    pub fn end(self) -> Result<Vec<u8>, Fault> {
        match self.0 {
            Way::Plain(unpacked) => Ok(unpacked.bytes),
            Way::Gzip(mut gzip) => match gzip.try_finish() {
                Ok(()) => Ok(std::mem::take(&mut gzip.get_mut().bytes)),
                Err(error) => Err(fault(gzip.get_mut().fault.take(), &error)),
            },
        }
    }
}

fn fault(known: Option<Fault>, error: &io::Error) -> Fault {
    known.unwrap_or_else(|| Fault::Malformed(format!("the body is not whole gzip: {error}")))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    fn unpacked(parts: &[&[u8]], max: usize) -> Result<Vec<u8>, Fault> {
        let mut body = Body::new(true, max, |_| true);
        for part in parts {
            body.take(part)?;
        }
        body.end()
    }

    #[test]
    fn what_was_packed_comes_back_however_it_is_cut() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_be_bytes).collect();
        let gzip = packed(&bytes);
        for cut in [0, 1, 9, 10, gzip.len() / 2, gzip.len()] {
            assert_eq!(
                unpacked(&[&gzip[..cut], &gzip[cut..]], bytes.len()),
                Ok(bytes.clone())
            );
        }
        // Two members are one body (RFC 1952 section 2.2).
        let twice = [packed(b"one"), packed(b"two")].concat();
        assert_eq!(unpacked(&[&twice], 6), Ok(b"onetwo".to_vec()));
    }

    #[test]
    fn a_bomb_is_refused_at_the_bound_and_never_unpacked() {
        let (mut gzip, mut most) = (packed(&vec![0; 1 << 20]), 0);
        gzip = gzip.repeat(1_024);
        let max = 1 << 20;
        let mut body = Body::new(true, max, |more| {
            most += more;
            most <= max
        });
        let refused = body.take(&gzip).unwrap_err();
        assert!(matches!(refused, Fault::TooLarge(_)), "{refused}");
        drop(body);
        assert_eq!(most, max);
    }

    #[test]
    fn the_bound_at_its_edge() {
        let bytes = vec![7; 10_000];
        for gzip in [false, true] {
            let sent = if gzip { packed(&bytes) } else { bytes.clone() };
            for (max, good) in [(10_000, true), (9_999, false)] {
                let mut body = Body::new(gzip, max, |_| true);
                let done = body.take(&sent).and_then(|()| body.end());
                assert_eq!(done.is_ok(), good, "{gzip} {max}");
            }
            let mut body = Body::new(gzip, 10_000, |_| false);
            let done = body.take(&sent).and_then(|()| body.end());
            assert_eq!(done, Err(Fault::NoRoom));
        }
    }

    #[test]
    fn what_is_no_gzip_or_breaks_off_is_said() {
        let gzip = packed(b"a body");
        for bytes in [
            b"{}".to_vec(),
            gzip[..gzip.len() - 1].to_vec(),
            gzip[..5].to_vec(),
        ] {
            let refused = unpacked(&[&bytes], 100).unwrap_err();
            assert!(matches!(refused, Fault::Malformed(_)), "{refused}");
        }
    }
}
