//! What a backup holds, and when there is none.

crate::on_both!(
    everything_is_in_it,
    what_is_erased_meanwhile_is_not_in_it,
    a_tampered_database_gives_none,
    what_is_broken_off_leaves_nothing,
    an_erasure_is_told_while_serving,
);

mod cases {
    use std::io::{self, Read, Write};
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use backup::Error;
    use backup::format::{self, ErasedLater, LAST_SEEN};
    use backup::place::{Folder, Place, Upload};
    use domain::Origin;
    use domain::audit::pruning::says_pruned;
    use domain::record::Val;
    use domain::tables::SEALED;
    use engine::Engine;
    use evidence::json;
    use sha2::{Digest, Sha256};
    use store::sealed;
    use tlog::{Checkpoint, Hash, RightEdge};

    use crate::attacker::{Attacker, Key, close};
    use crate::custody_desk::user_id;
    use crate::opened::{Opened, folder, left_in, write_to};
    use crate::people::until;
    use crate::support::{Bed, erase, numbered, operator, record, rich_log};

    pub async fn everything_is_in_it(bed: Bed) {
        let engine = rich_log(&bed).await;
        let place = folder(bed.dir.path());
        let sidecar = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        let mut file = Vec::new();
        place.read(&sidecar.file).unwrap().read_to_end(&mut file).unwrap();
        assert_eq!(sidecar.sha256, json::hex(&Sha256::digest(&file)));
        assert_eq!(sidecar.bytes, file.len() as u64);
        let mut beside = Vec::new();
        place
            .read(&format::sidecar_name(&sidecar.file))
            .unwrap()
            .read_to_end(&mut beside)
            .unwrap();
        assert_eq!(
            serde_json::from_slice::<format::Sidecar>(&beside).unwrap(),
            sidecar
        );

        let opened = Opened::read(&file[..]);
        let size = *engine.size().borrow();
        let names: Vec<_> = opened.members.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(names, format::members(size).collect::<Vec<_>>());
        for (name, text) in &opened.members[..names.len() - 1] {
            let member = &opened.end.members[name];
            assert_eq!(member.bytes, text.len() as u64, "{name}");
            assert_eq!(member.sha256, json::hex(&Sha256::digest(text)), "{name}");
        }
        assert_eq!(opened.end.members.len(), names.len() - 1);
        assert_eq!((opened.end.entries, sidecar.entries), (size, size));
        assert_eq!(
            (&opened.end.checkpoint, &opened.manifest),
            (&sidecar.checkpoint, &sidecar.manifest)
        );
        assert_eq!(opened.manifest.engine, bed.location().engine());

        // The leaves give the root that the key signed.
        let key = opened.manifest.key.parse().unwrap();
        let checkpoint = Checkpoint::open(&opened.end.checkpoint, &key).unwrap();
        let mut edge = RightEdge::new();
        let entries = opened.entries();
        for entry in &entries {
            edge.push(Hash::leaf(entry.leaf.as_bytes()));
        }
        assert_eq!((edge.size(), edge.root()), (checkpoint.size, checkpoint.root));

        // Every entry and every row is as it is stored.
        let mut conn = engine.db().writer().await.unwrap();
        let select = format!("{} ORDER BY entry", store::StoredEntry::SELECT);
        let stored = conn.all(&select, &[]).await.unwrap();
        let stored: Vec<_> = stored
            .iter()
            .map(|row| store::StoredEntry::read(row).unwrap())
            .collect();
        assert_eq!(entries, stored);
        assert!(
            entries.iter().any(|entry| entry.payload.is_none()),
            "some are erased"
        );
        for table in SEALED {
            let select = format!("{} ORDER BY id", sealed::select(table));
            let rows = conn.all(&select, &[]).await.unwrap();
            let rows: Vec<_> = rows
                .into_iter()
                .map(|row| sealed::read(table, row).unwrap())
                .collect();
            let member = format::table_member(table);
            let lines = opened.lines(&member);
            let held: Vec<_> = lines
                .map(|line| format::read_stored(table, line).unwrap())
                .collect();
            assert!(!rows.is_empty(), "the log has no row in {}", table.name);
            assert_eq!(held, rows, "{}", table.name);
            assert_eq!(opened.end.tables[table.name], rows.len() as u64);
        }
        let marks: Vec<_> = opened
            .lines(LAST_SEEN)
            .map(|line| format::read_mark(line).unwrap())
            .collect();
        assert_eq!(marks, store::side::marks(&mut conn, None).await.unwrap());
        assert!(opened.end.tables["last_seen"] > 2 && marks.len() as u64 == opened.end.tables["last_seen"]);

        let pruned = store::prunings::bits(&mut conn, 0..1).await.unwrap();
        let gone = |entry: &store::StoredEntry| says_pruned(&pruned[0].1, entry.entry);
        assert_eq!(entries.iter().filter(|entry| gone(entry)).count(), 5);
        let others: Vec<_> = entries.iter().filter(|entry| !gone(entry)).cloned().collect();
        assert_erased_is_told(&place, &entries, &others);
        close(engine).await;
        // One after the other, in one second: the first stays.
        let again = write_to(&bed.options(), &place, false, |_| {}).await;
        match again {
            Err(Error::Exists(_)) => {}
            Ok(again) => assert_ne!(again.file, sidecar.file),
            Err(other) => panic!("{other}"),
        }
    }

    /// What was erased is beside it, by the entry that erased it; what was pruned is not, which the others leave out.
    fn assert_erased_is_told(place: &Folder, entries: &[store::StoredEntry], others: &[store::StoredEntry]) {
        let names = place.names().unwrap();
        let left: Vec<_> = names.iter().filter(|name| name.contains("-erased-")).collect();
        let read =
            |name: &&String| -> ErasedLater { serde_json::from_reader(place.read(name).unwrap()).unwrap() };
        let erased: Vec<ErasedLater> = left.iter().map(read).collect();
        let missing = others
            .iter()
            .filter(|entry| entry.payload.is_none())
            .map(|entry| entry.entry);
        let mut told: Vec<u64> = erased.iter().flat_map(|left| left.entries.clone()).collect();
        told.sort_unstable();
        assert_eq!(told, missing.collect::<Vec<_>>());
        for left in &erased {
            assert_eq!(
                left.at,
                evidence::leaf::Leaf::parse(&entries[usize::try_from(left.entry).unwrap()].leaf)
                    .unwrap()
                    .at
            );
        }
    }

    /// More entries than a member has: one is read, an entry of it is erased, and only then is there a snapshot.
    pub async fn what_is_erased_meanwhile_is_not_in_it(bed: Bed) {
        let engine = bed.open().await;
        while *engine.size().borrow() <= format::MEMBER_ENTRIES {
            record(&engine, (0..1_000).map(numbered).collect()).await.unwrap();
        }
        let place = folder(bed.dir.path());
        let (ask, asked) = channel();
        let (tell, told) = channel();
        let (ask, told) = (Mutex::new(Some(ask)), Mutex::new(told));
        let options = bed.options();
        let writing = write_to(&options, &place, false, move |at| {
            if at.what == "entries"
                && at.done == format::MEMBER_ENTRIES
                && let Some(ask) = ask.lock().unwrap().take()
            {
                ask.send(()).unwrap();
                told.lock().unwrap().recv().unwrap();
            }
        });
        let erasing = async {
            tokio::task::spawn_blocking(move || asked.recv().unwrap())
                .await
                .unwrap();
            erase(&engine, vec![70, 4_711]).await.unwrap();
            record(&engine, vec![numbered(1)]).await.unwrap();
            tell.send(()).unwrap();
        };
        let (sidecar, ()) = tokio::join!(writing, erasing);
        let sidecar = sidecar.unwrap();
        assert_eq!(
            sidecar.entries,
            *engine.size().borrow(),
            "what came meanwhile is in it"
        );
        let opened = Opened::read(place.read(&sidecar.file).unwrap());
        let entries = opened.entries();
        let erased: Vec<u64> = entries
            .iter()
            .filter(|entry| entry.payload.is_none())
            .map(|entry| entry.entry)
            .collect();
        assert_eq!(erased, [70, 4_711]);
        assert!(
            erased
                .iter()
                .all(|index| entries[usize::try_from(*index).unwrap()].salt.is_none())
        );
        assert_eq!(entries.len() as u64, sidecar.entries);
        for (name, text) in &opened.members[..opened.members.len() - 1] {
            assert_eq!(
                opened.end.members[name].sha256,
                json::hex(&Sha256::digest(text)),
                "{name}"
            );
        }
        close(engine).await;
    }

    /// Changes a value by hand, and says what to look for in the message.
    type Change = (
        &'static str,
        &'static str,
        &'static str,
        fn(Val) -> Val,
        &'static str,
    );

    pub async fn a_tampered_database_gives_none(bed: Bed) {
        close(rich_log(&bed).await).await;
        let mut attacker = Attacker::new(&bed).await;
        let place = folder(bed.dir.path());
        let longer = |value: Val| match value {
            Val::Text(text) => Val::Text(format!("{text}x")),
            other => panic!("{other:?}"),
        };
        let changes: [Change; 5] = [
            ("users", "role", "username = 'ann'", longer, "users "),
            ("entries", "payload", "entry = 300", longer, "(entry 300)"),
            ("entries", "leaf", "entry = 301", longer, "(entry 301)"),
            (
                "entries",
                "ip",
                "ip IS NOT NULL",
                longer,
                "ip differs from the payload",
            ),
            ("erasures", "erased", "erased = 30", |_| 33.into(), "erasures "),
        ];
        for (table, column, condition, change, named) in changes {
            let key: Key = attacker.keys(table, condition).await[0].clone();
            let old = attacker.get(table, column, &key).await;
            attacker.set(table, column, &key, &change(old)).await.unwrap();
            let refused = write_to(&bed.options(), &place, false, |_| {}).await.unwrap_err();
            let Error::Tampered(findings) = &refused else {
                panic!("{refused}")
            };
            assert!(
                findings
                    .list
                    .iter()
                    .any(|finding| finding.to_string().contains(named)),
                "{findings:?}"
            );
            assert_eq!(left_in(&place), Vec::<String>::new(), "{table}.{column}");
            attacker.put_back(table).await;
        }
        attacker.conn.batch("DELETE FROM approval_votes").await.unwrap();
        let refused = write_to(&bed.options(), &place, false, |_| {}).await.unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("approval_votes: its rows have 0 versions"),
            "{refused}"
        );
        let sidecar = write_to(&bed.options(), &place, true, |_| {}).await.unwrap();
        assert!(sidecar.manifest.even_tampered);
        let opened = Opened::read(place.read(&sidecar.file).unwrap());
        assert!(opened.manifest.even_tampered);
        assert_eq!(opened.end.tables["approval_votes"], 0);
        attacker.put_back("approval_votes").await;
        let sound = tempfile::tempdir_in(bed.dir.path()).unwrap();
        let sidecar = write_to(&bed.options(), &folder(sound.path()), true, |_| {})
            .await
            .unwrap();
        assert!(!sidecar.manifest.even_tampered, "it says so only where it is so");
    }

    pub async fn an_erasure_is_told_while_serving(bed: Bed) {
        let engine = rich_log(&bed).await;
        let place = folder(bed.dir.path());
        let served: Arc<dyn Place> = Arc::new(place.clone());
        let keeping = tokio::spawn(backup::keep_leaving(engine.clone(), served));
        let told = async |count: usize| {
            let all = || place.names().unwrap().len() >= count;
            until("what was erased is told", Duration::from_mins(1), async || all()).await;
            let mut names = place.names().unwrap();
            names.sort_unstable();
            assert_eq!(names.len(), count, "{names:?}");
            let last = place.read(&names[count - 1]).unwrap();
            serde_json::from_reader::<_, ErasedLater>(last).unwrap()
        };
        // What was erased before anybody looked: by two commands, and of one user.
        let before = told(erasing(&engine).await).await;
        erase(&engine, vec![300, 301]).await.unwrap();
        let count = erasing(&engine).await;
        let left = told(count).await;
        assert_eq!((left.entries, left.users.len()), (vec![300, 301], 0));
        assert!(left.entry > before.entry);
        let bob = user_id(&engine, "bob").await;
        engine
            .erase_user(&operator(), Origin::default(), bob, "asked to")
            .await
            .unwrap();
        let left = told(erasing(&engine).await).await;
        assert_eq!(left.users, [bob]);
        // A backup adds none that is there.
        write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        assert_eq!(place.names().unwrap().len(), erasing(&engine).await + 2);
        keeping.abort();
        close(engine).await;
    }

    /// How many entries of the log erase.
    async fn erasing(engine: &Engine) -> usize {
        let sql = "SELECT count(*) FROM entries WHERE action IN ('user.erase', 'audit.erase') AND outcome = 'success'";
        let row = engine.db().writer().await.unwrap().opt(sql, &[]).await.unwrap();
        usize::try_from(row.unwrap().int(0).unwrap()).unwrap()
    }

    /// A folder on a disk that takes so many bytes more.
    #[derive(Clone)]
    struct Full(Folder, u64);

    struct FullUpload(Box<dyn Upload>, u64);

    impl Write for FullUpload {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(usize::try_from(self.1).unwrap());
            if taken == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1 -= taken as u64;
            self.0.write(&bytes[..taken])
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }

    impl Upload for FullUpload {
        fn finish(self: Box<Self>) -> Result<(), Error> {
            self.0.finish()
        }
    }

    impl Place for Full {
        fn shown(&self) -> String {
            self.0.shown()
        }
        fn names(&self) -> Result<Vec<String>, Error> {
            self.0.names()
        }
        fn length(&self, name: &str) -> Result<Option<u64>, Error> {
            self.0.length(name)
        }
        fn read(&self, name: &str) -> Result<Box<dyn Read + Send>, Error> {
            self.0.read(name)
        }
        fn create(&self, name: &str) -> Result<Box<dyn Upload>, Error> {
            Ok(Box::new(FullUpload(self.0.create(name)?, self.1)))
        }
        fn add(&self, name: &str, contents: &[u8]) -> Result<bool, Error> {
            self.0.add(name, contents)
        }
        fn replace(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
            self.0.replace(name, contents)
        }
        fn remove(&self, name: &str) -> Result<(), Error> {
            self.0.remove(name)
        }
        fn tidy(&self, prefix: &str) -> Result<(), Error> {
            self.0.tidy(prefix)
        }
    }

    pub async fn what_is_broken_off_leaves_nothing(bed: Bed) {
        let engine = bed.open().await;
        record(&engine, (0..1_000).map(numbered).collect()).await.unwrap();
        close(engine).await;
        let place = folder(bed.dir.path());
        let whole = write_to(&bed.options(), &place, false, |_| {}).await.unwrap();
        for part in 0..20 {
            let empty = folder(&bed.dir.path().join(part.to_string()));
            let full = Full(empty.clone(), whole.bytes * part / 20);
            let failed = write_to(&bed.options(), &full, false, |_| {}).await.unwrap_err();
            let Error::Io { what, error } = failed else {
                panic!("{failed}")
            };
            assert!(
                what.starts_with("write /") && error.kind() == io::ErrorKind::StorageFull,
                "{what}: {error}"
            );
            assert_eq!(left_in(&empty), Vec::<String>::new());
        }
    }
}
