//! A schema or a database for one test.

use crate::sql::execute;
use crate::temp::unique;
use crate::{Error, url};

/// An empty schema, dropped with all that is in it when this value is dropped.
#[derive(Debug)]
pub struct TestSchema {
    admin_url: String,
    name: String,
    url: String,
}

impl TestSchema {
    pub(crate) fn create(admin_url: String) -> Result<TestSchema, Error> {
        let name = format!("test_{}", unique());
        execute(&admin_url, &format!("CREATE SCHEMA {name}"))?;
        let url = url::with_parameter(&admin_url, "options", &format!("-c search_path={name}"));
        Ok(TestSchema { admin_url, name, url })
    }

    /// A URL whose connections have this schema, and no other, as their `search_path`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The schema's name, which needs no quoting.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestSchema {
    fn drop(&mut self) {
        // What cannot be dropped (a lock is held, the server is down) goes with the server.
        let _ = execute(
            &self.admin_url,
            &format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name),
        );
    }
}

/// The name of a database that does not exist yet. If someone created it meanwhile, it is dropped, and its
/// connections ended, when this value is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    admin_url: String,
    name: String,
    url: String,
}

impl TestDatabase {
    pub(crate) fn reserve(admin_url: String) -> Result<TestDatabase, Error> {
        let name = format!("test_{}", unique());
        let url = url::with_database(&admin_url, &name)?;
        Ok(TestDatabase { admin_url, name, url })
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name, which needs no quoting.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = execute(
            &self.admin_url,
            &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name),
        );
    }
}
