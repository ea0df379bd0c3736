//! A storage that speaks S3.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{Error, free_port};

/// A running `moto_server`, which knows no account and checks no signature; it ends with its owner.
pub struct Moto {
    child: Child,
    port: u16,
}

impl Moto {
    /// Starts one, with an empty bucket `kept`.
    pub fn start() -> Result<Moto, Error> {
        let port = free_port();
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|source| Error::Io {
            doing: "start moto_server, which ./test installs, and pip install 'moto[s3,server]==5.2.*'",
            source,
        })?;
        let moto = Moto { child, port };
        let up = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        let mut tries = (0..600).map(|_| std::thread::sleep(Duration::from_millis(100)));
        let _ = up() || tries.any(|()| up());
        moto.ask("PUT", "/kept")?;
        Ok(moto)
    }

    /// Where it is.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The answer to a request that nobody signed.
    pub fn ask(&self, method: &str, path: &str) -> Result<String, Error> {
        let doing = "ask moto_server";
        let told = |source| Error::Io { doing, source };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).map_err(told)?;
        let host = "Host: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        write!(stream, "{method} {path} HTTP/1.1\r\n{host}").map_err(told)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(told)?;
        if answer.starts_with("HTTP/1.1 200") {
            return Ok(answer);
        }
        Err(told(std::io::Error::other(answer)))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
