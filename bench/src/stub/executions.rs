//! Executions of the stub, and how many steps each has.

use serde_json::{Value, json};

use super::Reply;

/// Those that were started: whether each was completed, and its steps.
#[derive(Default)]
pub(super) struct Executions(Vec<(bool, usize)>);

/// The id of the execution with this number.
fn id(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

impl Executions {
    /// The answer to what concerns them; `None` to everything else.
    pub fn answer(&mut self, line: &str, body: &Value) -> Option<Reply> {
        let rows = |name: &str, row: Value| Some(Reply::new(200, &json!({name: [row]}).to_string()));
        match line.split_once("/v1/governance/").map(|(_, view)| view) {
            Some("recent") => return rows("executions", json!({})),
            Some(view) => return rows(view.split('?').next()?, json!({"executions": self.0.len()})),
            None if line.starts_with("POST /v1/metrics") => return Some(Reply::new(201, "{}")),
            None if line.starts_with("GET /v1/metrics") => return rows("figures", json!({})),
            None => {}
        }
        let (method, path) = line.split_once(" /v1/executions")?;
        let (status, answer) = match (method, path.split('?').next()?.strip_prefix('/')) {
            ("POST", None) => {
                self.0.push((false, 0));
                (201, json!({"id": id(self.0.len() - 1), "status": "running"}))
            }
            ("GET", None) => {
                // Two pages, of which the second is the rest.
                let completed = self.0.iter().filter(|(completed, _)| *completed).count();
                let (count, next) = if path.contains("cursor=rest") {
                    (completed - completed / 2, None)
                } else {
                    (completed / 2, Some("rest"))
                };
                (200, json!({"executions": vec![json!({}); count], "next": next}))
            }
            (_, Some(path)) => {
                let (name, verb) = path.split_once('/').unwrap_or((path, ""));
                let number = usize::from_str_radix(name.rsplit('-').next()?, 16).ok()?;
                let (completed, steps) = self.0.get_mut(number)?;
                match verb {
                    "complete" if *completed => (409, json!({"code": "execution_finished"})),
                    "complete" => {
                        *completed = true;
                        (200, json!({"id": name, "status": "completed"}))
                    }
                    "steps" => {
                        let first = *steps;
                        *steps += body["steps"].as_array()?.len();
                        let made: Vec<_> = (first..*steps).map(|number| json!({"number": number})).collect();
                        (201, json!({"execution": name, "steps": made}))
                    }
                    _ => {
                        let shown: Vec<_> = (0..*steps).map(|number| json!({"number": number})).collect();
                        (200, json!({"id": name, "step_count": *steps, "steps": shown}))
                    }
                }
            }
            _ => return None,
        };
        Some(Reply::new(status, &answer.to_string()))
    }
}
