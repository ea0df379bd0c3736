//! Metrics: what is said of them is what a plain count says, digit by digit, on both engines.

crate::on_both!(figures_are_those_of_a_plain_count, bounds_of_figures);

/// Sums of the numbers below, as `math.fsum` of Python has them; adding one by one gives others.
const SUMS: [(&str, &str); 2] = [("m s", "-99999475711500.2"), ("", "-99999475921215.3")];

mod cases {
    use std::collections::BTreeMap;

    use domain::identity::Role;
    use domain::workflow::metric::{
        Bucket, Figures, METRICS_MAX, Metric, NewMetric, Number, Percentile, RecordMetrics,
    };
    use domain::{Command, Origin, Reply};
    use engine::list::Condition;
    use engine::series::{BUCKETS_MAX, Series, SeriesFigures};
    use engine::{Engine, Error};
    use evidence::Timestamp;
    use evidence::payload::DragMode;

    use crate::attacker::{assert_intact, close};
    use crate::custody_desk::user_id;
    use crate::people::{code, person};
    use crate::support::{Bed, operator};
    use crate::workflow_rich::{metric, start, started};

    async fn record(engine: &Engine, metrics: Vec<NewMetric>) -> Vec<Metric> {
        let command = RecordMetrics {
            metrics,
            list: true,
            next: None,
        };
        let answer = engine
            .submit(&operator(), Origin::default(), Command::from(command))
            .await;
        match answer.unwrap().reply {
            Reply::Metrics(recorded) => recorded.into_iter().map(|(row, _)| row).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn percentiles() -> Vec<Percentile> {
        Percentile::parse_list("0.5,50,99.99").unwrap()
    }

    fn series(name: &str) -> Series {
        Series {
            conditions: vec![Condition::Is("name", name.into())],
            from: None,
            to: None,
            bucket: None,
            percentiles: percentiles(),
        }
    }

    /// The figures of these by a plain count.
    fn counted(all: &[Metric], bucket: Option<Bucket>, keep: impl Fn(&Metric) -> bool) -> Vec<SeriesFigures> {
        let mut found: BTreeMap<(Option<Timestamp>, Option<String>), Vec<f64>> = BTreeMap::new();
        for row in all.iter().filter(|row| keep(row)) {
            let key = (bucket.map(|bucket| bucket.of(row.at)), row.unit.clone());
            found.entry(key).or_default().push(row.value.get());
        }
        let figures = |((at, unit), numbers)| SeriesFigures {
            at,
            unit,
            figures: Figures::of(numbers, &percentiles()).unwrap(),
        };
        found.into_iter().map(figures).collect()
    }

    /// Ten thousand of one name, over three hours, of which many are of one moment: more than are read at a time.
    pub async fn figures_are_those_of_a_plain_count(bed: Bed) {
        let engine = bed.open().await;
        person(&engine, "ann", Role::USER).await;
        let ann = user_id(&engine, "ann").await;
        let execution = started(&engine, &operator(), start(ann)).await.id;
        let begin: Timestamp = "2026-11-20T22:30:00Z".parse().unwrap();
        let mut all = Vec::new();
        for part in 0..10_u32 {
            let of = |number: u32| {
                let number = part * 1_000 + number;
                // Tenths have no end in binary, so a sum of them depends on how it is made.
                let tenth = f64::from(number % 7) * f64::from(number % 3).powi(20) * 0.1
                    - f64::from(number % 5) * 1e10;
                NewMetric {
                    at: Some(begin.plus_seconds(i64::from(number / 2_500 * 3_599))),
                    unit: number.is_multiple_of(2).then(|| "m s".to_owned()),
                    workflow: number.is_multiple_of(3).then(|| "w".to_owned()),
                    drag_mode: number.is_multiple_of(4).then_some(DragMode::Grunt),
                    ..metric("cost", tenth)
                }
            };
            let metrics = (0..u32::try_from(METRICS_MAX).unwrap()).map(of);
            all.extend(record(&engine, metrics.collect()).await);
        }
        let other = NewMetric {
            execution: Some(execution),
            ..metric("other", 7.0)
        };
        record(
            &engine,
            vec![
                other.clone(),
                NewMetric {
                    at: Some(begin),
                    ..other
                },
            ],
        )
        .await;
        for bucket in [None, Some(Bucket::Minute), Some(Bucket::Hour), Some(Bucket::Day)] {
            let (from, to) = (begin.plus_seconds(60), begin.plus_seconds(3 * 3_599));
            let asked = Series {
                from: Some(from),
                to: Some(to),
                bucket,
                ..series("cost")
            };
            let found = engine.metric_figures(asked.clone()).await.unwrap();
            assert_eq!(
                found,
                counted(&all, bucket, |row| row.at >= from && row.at < to),
                "{bucket:?}"
            );
            let mut narrow = asked;
            narrow.conditions.push(Condition::Is("workflow", "w".into()));
            narrow.conditions.push(Condition::Is("drag_mode", "grunt".into()));
            let found = engine.metric_figures(narrow).await.unwrap();
            let expected = counted(&all, bucket, |row| {
                row.at >= from && row.at < to && row.workflow.is_some() && row.drag_mode.is_some()
            });
            assert_eq!(found, expected, "{bucket:?}");
        }
        let found = engine.metric_figures(series("cost")).await.unwrap();
        assert_eq!(found, counted(&all, None, |_| true));
        let sums = found.iter().map(|told| {
            let unit = told.unit.clone().unwrap_or_default();
            (unit, told.figures.sum.map(Number::text).unwrap_or_default())
        });
        let expected = super::SUMS.map(|(unit, sum)| (unit.to_owned(), sum.to_owned()));
        assert_eq!(sums.collect::<BTreeMap<_, _>>(), BTreeMap::from(expected));
        // Hours of before 1970 begin where others do.
        let old: Timestamp = "1969-12-31T23:30:00Z".parse().unwrap();
        let at = Some(old);
        let all = record(
            &engine,
            vec![NewMetric {
                at,
                ..metric("old", 1.5)
            }],
        )
        .await;
        let asked = Series {
            from: Some(old.plus_seconds(-7_200)),
            to: Some(old.plus_seconds(7_200)),
            bucket: Some(Bucket::Hour),
            ..series("old")
        };
        let found = engine.metric_figures(asked).await.unwrap();
        assert_eq!(found, counted(&all, Some(Bucket::Hour), |_| true));
        assert_eq!(found[0].at.unwrap().to_string(), "1969-12-31T23:00:00.000000Z");
        let of_execution = Series {
            conditions: vec![Condition::Is("execution_id", execution.into())],
            ..series("other")
        };
        let found = engine.metric_figures(of_execution).await.unwrap();
        assert_eq!(
            found.iter().map(|told| told.figures.count).collect::<Vec<_>>(),
            [2]
        );
        close(engine).await;
        assert_intact(&bed.options()).await;
    }

    pub async fn bounds_of_figures(bed: Bed) {
        let engine = bed.open().await;
        let from: Timestamp = "2026-11-20T00:00:30Z".parse().unwrap();
        record(
            &engine,
            vec![NewMetric {
                at: Some(from),
                ..metric("m", 1.0)
            }],
        )
        .await;
        let asked = |to: Timestamp, bucket| Series {
            from: Some(from),
            to: Some(to),
            bucket: Some(bucket),
            ..series("m")
        };
        for (bucket, seconds) in [(Bucket::Minute, 60), (Bucket::Hour, 3_600), (Bucket::Day, 86_400)] {
            let end = bucket.of(from).plus_seconds(BUCKETS_MAX * seconds);
            assert_eq!(engine.metric_figures(asked(end, bucket)).await.unwrap().len(), 1);
            let beyond = asked(Timestamp::from_micros(end.micros() + 1).unwrap(), bucket);
            match engine.metric_figures(beyond).await {
                Err(Error::Refused { refusal, .. }) => {
                    let named = (refusal.code, refusal.field.as_deref());
                    assert_eq!(named, ("invalid_field", Some("from")));
                }
                other => panic!("{other:?}"),
            }
        }
        // What ends before it begins holds nothing; without an end it ends now.
        assert_eq!(
            engine
                .metric_figures(asked(Timestamp::EPOCH, Bucket::Day))
                .await
                .unwrap(),
            []
        );
        let endless = Series {
            to: None,
            ..asked(from, Bucket::Day)
        };
        assert_eq!(engine.metric_figures(endless).await.unwrap().len(), 1);
        let without_begin = Series {
            from: None,
            ..asked(from, Bucket::Day)
        };
        assert_eq!(code(engine.metric_figures(without_begin).await), "invalid_field");
        let nothing = Series {
            conditions: vec![Condition::Is("name", "\0".into())],
            ..series("m")
        };
        assert_eq!(engine.metric_figures(nothing).await.unwrap(), []);
        close(engine).await;
    }
}
