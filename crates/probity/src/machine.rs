//! What the operating system says of the machine, the folders and this process. What it does not say is none.

use std::path::Path;

use engine::disk::there;

/// Whether two paths are on one file system.
pub fn same_file_system(one: &Path, other: &Path) -> Option<bool> {
    let device = |path: &Path| Some(rustix::fs::stat(there(path)?).ok()?.st_dev);
    Some(device(one)? == device(other)?)
}

/// The name of the network file system that this path is on, where it is on one.
#[cfg(target_os = "linux")]
pub fn network(path: &Path) -> Option<&'static str> {
    // From the kernel's linux/magic.h, and what its file systems call themselves.
    const KNOWN: [(u64, &str); 10] = [
        (0x6969, "NFS"),
        (0x517B, "SMB"),
        (0xFF53_4D42, "CIFS"),
        (0xFE53_4D42, "SMB"),
        (0x0102_1997, "9P"),
        (0x00C3_6400, "Ceph"),
        (0x0BD0_0BD0, "Lustre"),
        (0x6573_5546, "FUSE"),
        (0x5346_414F, "AFS"),
        (0x4750_4653, "GPFS"),
    ];
    let found = rustix::fs::statfs(there(path)?).ok()?;
    // Of 32 bits, whose sign some machines extend.
    let magic = u64::from(u32::try_from(found.f_type.cast_unsigned() & 0xFFFF_FFFF).ok()?);
    KNOWN
        .iter()
        .find(|(known, _)| *known == magic)
        .map(|(_, name)| *name)
}

/// It is not known elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn network(_: &Path) -> Option<&'static str> {
    None
}

/// Who may do what with a file or folder: the last nine bits of its mode.
#[cfg(unix)]
pub fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o777)
}

/// There is no such thing elsewhere.
#[cfg(not(unix))]
pub fn mode(_: &Path) -> Option<u32> {
    None
}

/// How many files a process may have open; none for no limit, or where nobody says.
pub fn open_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}
