//! Processor time and memory of processes, from `/proc` (proc(5)).

use std::collections::BTreeMap;
use std::fs;

/// Processor time in clock ticks: in the program, and in the kernel for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticks([u64; 2]);

impl Ticks {
    fn plus(self, other: Self) -> Self {
        Self([0, 1].map(|which| self.0[which] + other.0[which]))
    }

    /// Seconds in the program and in the kernel since an earlier look.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 ticks")]
    pub fn seconds_since(self, earlier: Self) -> (f64, f64) {
        let seconds = |which: usize| {
            let ticks = self.0[which].saturating_sub(earlier.0[which]);
            ticks as f64 / rustix::param::clock_ticks_per_second() as f64
        };
        (seconds(0), seconds(1))
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    parent: u32,
    own: Ticks,
    /// Children that ended and were waited for.
    ended_children: Ticks,
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    let rest = text.rsplit_once(')')?.1;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: number(4)?.try_into().ok()?,
        own: Ticks([number(14)?, number(15)?]),
        ended_children: Ticks([number(16)?, number(17)?]),
    })
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Waits until everything that was written is on disk, so that no load pays for the one before it (sync(2)).
pub fn flush_disks() {
    rustix::fs::sync();
}

/// Processor time of one process so far; also after its end, until someone waits for it.
pub fn ticks(pid: u32) -> Ticks {
    stat(pid).map(|stat| stat.own).unwrap_or_default()
}

/// Processor time of the calling thread so far.
pub fn own_thread_ticks() -> Ticks {
    let stat = fs::read_to_string("/proc/thread-self/stat").ok();
    stat.and_then(|text| parse_stat(&text))
        .map(|stat| stat.own)
        .unwrap_or_default()
}

/// The process ended but nobody waited for it yet.
pub fn is_zombie(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat.state == 'Z')
}

/// Processor time of a process and all its descendants, ended ones that were waited for included.
pub fn tree_ticks(root: u32) -> Ticks {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut stats = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        if let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok())
            && let Some(stat) = stat(pid)
        {
            children.entry(stat.parent).or_default().push(pid);
            stats.insert(pid, stat.own.plus(stat.ended_children));
        }
    }
    let (mut total, mut waiting) = (Ticks::default(), vec![root]);
    while let Some(pid) = waiting.pop() {
        total = total.plus(stats.get(&pid).copied().unwrap_or_default());
        waiting.extend(children.get(&pid).into_iter().flatten());
    }
    total
}

/// Memory in KiB: what is resident now, and the most that ever was. `None` once the process has ended.
pub fn memory_kib(pid: u32) -> Option<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    Some((status_kib(&status, "VmRSS:")?, status_kib(&status, "VmHWM:")?))
}

/// Lets the most memory that ever was resident begin again from what is resident.
pub fn forget_memory_peak(pid: u32) {
    // Where that is not allowed the peak stays that of the whole life.
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

fn status_kib(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_is_skipped() {
        let text = "77 (a (b) c) S 5 77 77 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 99 1 1";
        let expected = Stat {
            state: 'S',
            parent: 5,
            own: Ticks([11, 22]),
            ended_children: Ticks([33, 44]),
        };
        assert_eq!(parse_stat(text), Some(expected));
        assert_eq!(parse_stat("77 (cut) S 5"), None);
    }

    #[test]
    fn this_process_and_its_children_are_seen() {
        let me = std::process::id();
        let (now, peak) = memory_kib(me).unwrap();
        assert!(now > 100 && peak >= now, "{now} KiB now, {peak} KiB at most");
        let mut child = std::process::Command::new("sh")
            .args(["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"])
            .spawn()
            .unwrap();
        while !is_zombie(child.id()) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let used = ticks(child.id());
        assert!(used.0[0] > 0, "a counting shell uses time");
        assert!(memory_kib(child.id()).is_none());
        let tree = tree_ticks(me);
        assert!(tree.0[0] >= used.0[0], "{tree:?} includes {used:?}");
        child.wait().unwrap();
        assert!(
            tree_ticks(me).0[0] >= used.0[0],
            "what an ended child used stays counted"
        );
    }
}
