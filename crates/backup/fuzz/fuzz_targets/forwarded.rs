//! What a proxy writes, a header a line: whatever it is, the caller is the other end of the connection, or an address that stands
//! there in one form or another; and nobody is believed where none is named.
#![no_main]

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use web::forwarded::{Proxies, Unreadable, caller, is_https};

fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let found = bare
        .parse()
        .ok()
        .or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()));
    found.map(|found| found.to_canonical())
}

fuzz_target!(|data: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(value) = HeaderValue::from_bytes(line) else {
            return;
        };
        headers.append("x-forwarded-for", value.clone());
        headers.append("x-forwarded-proto", value);
    }
    let (peer, unreadable) = (IpAddr::from([192, 0, 2, 1]), Unreadable::default());
    let none = Proxies::default();
    assert_eq!(caller(peer, &headers, &none, &unreadable), peer);
    assert!(!is_https(peer, &headers, &none));
    assert_eq!(unreadable.count(), 0);
    // One that is believed, and everybody.
    let text = String::from_utf8_lossy(data);
    let hops = || text.split([',', '\n']).map(str::trim);
    for proxies in ["192.0.2.1", "0.0.0.0/0, ::/0"] {
        let proxies: Proxies = proxies.parse().unwrap();
        let found = caller(peer, &headers, &proxies, &unreadable);
        assert!(
            found == peer || hops().any(|hop| address(hop) == Some(found)),
            "{found}"
        );
        let is_said = data
            .split(|byte| b",\n".contains(byte))
            .all(|hop| hop.trim_ascii().eq_ignore_ascii_case(b"https"));
        assert_eq!(is_https(peer, &headers, &proxies), is_said);
    }
    // Those who may be believed are read the same again.
    if let Ok(proxies) = String::from_utf8_lossy(data).parse::<Proxies>() {
        let text = String::from(proxies.clone());
        assert_eq!(text.parse(), Ok(proxies), "{text}");
    }
});
