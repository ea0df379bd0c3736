//! What commands say that they are refused with is what they are refused with: each code is met, and no other.

use std::collections::BTreeSet;

use evidence::Salt;

use super::*;
use crate::action;
use crate::audit::event::Event;
use crate::audit::event::NewEntry;
use crate::audit::known::KnownEntry;
use crate::custody::kyc::{Reject, Revoke};
use crate::custody::{Amount, Balance, House, Owner};
use crate::identity::second_factor::{ChangeSecondFactor, Confirm, Enrol, Proof, RecoveryCodes, Remove};
use crate::identity::world::{REFUSED, World, id, operator};
use crate::identity::{Permission, Role, Scope};

/// Tests that meet refusals.
const MEET: &[fn()] = &[
        crate::custody::operation::tests::step::every_code_has_its_case,
        crate::custody::operation::tests::create::a_refused_id_stays_refused,
        crate::custody::kyc::tests::decide::only_a_person_decides_and_about_others,
        crate::identity::session::tests::a_second_factor_from_enrolment_to_removal,
        crate::identity::user::tests::an_erased_user_is_left_alone,
        crate::approval::tests::it_works_once,
        crate::custody::kyc::tests::check::every_reason_not_to_check_a_document,
        crate::custody::operation::tests::kinds::every_step_of_every_kind_in_every_status,
        crate::identity::user::tests::nobody_gives_or_changes_more_than_they_hold,
        crate::identity::user::tests::versions_and_what_is_so_already,
        crate::custody::destination::tests::every_reason_not_to_add,
        crate::custody::kyc::tests::decide::bounds_of_decisions,
        crate::identity::api_key::tests::whose_keys_who_may_change,
        crate::custody::operation::tests::who::steps_belong_to_who_made_the_operation_or_holds_custody_write,
        crate::identity::api_key::tests::rotation,
        crate::custody::kyc::tests::submit::an_id_is_one_content,
        crate::identity::user::tests::the_last_admin_stays,
        crate::identity::user::tests::what_a_new_user_may_be,
        crate::approval::tests::it_can_be_taken_back,
        crate::approval::tests::time_ends_it,
        crate::approval::tests::who_votes,
        crate::custody::kyc::tests::decide::decisions_and_states,
        crate::custody::operation::tests::clock::the_answer_does_not_depend_on_the_sweeper,
        crate::custody::operation::tests::outputs::a_step_names_the_transactions_beside_the_first,
        crate::identity::session::tests::what_must_be_done_first_is_all_that_may_be_done,
        crate::identity::user::tests::recovery_is_for_the_machine_itself,
        crate::approval::tests::it_needs_its_votes_when_it_is_used,
        crate::approval::tests::one_vote_against_it_rejects_it,
        crate::approval::tests::request::fields_of_a_request,
        crate::approval::tests::policy::only_the_agent_that_asked_uses_it_and_says_what_came_of_it,
        crate::approval::tests::policy::what_came_of_an_operation_is_in_the_operation,
        crate::approval::tests::request::the_same_request_again,
        tests::a_refusal_names_only_what_is_there,
        crate::custody::destination::tests::a_removal_is_recorded_once,
        crate::custody::destination::tests::an_id_is_one_content,
        crate::custody::kyc::tests::decide::a_tier_needs_verified_documents,
        crate::custody::kyc::tests::submit::an_erased_user_has_no_new_record,
        crate::custody::kyc::tests::submit::who_may_submit_for_whom,
        crate::custody::operation::tests::approvals::who_is_paid_does_not_vote_on_the_payment,
        crate::custody::operation::tests::clock::a_balance_is_closed_once_the_clock_has_freed_it,
        crate::custody::operation::tests::kinds::a_fate_that_is_not_known_is_said_by_two,
        crate::identity::api_key::tests::what_a_new_key_may_be,
        crate::identity::invitation::tests::an_invitation_works_once_and_in_time,
        crate::identity::session::tests::what_a_login_needs,
        crate::identity::session::tests::who_may_end_whose_session,
        crate::custody::operation::tests::refused::every_step_of_what_is_not_there_was_changed_or_has_expired,
        crate::custody::operation::tests::refused::every_text_of_a_step_has_bounds,
        crate::custody::operation::tests::refused::a_transfer_does_not_end_in_the_unknown,
        crate::custody::operation::tests::refused::a_resolution_needs_an_approval_that_is_there_granted_and_ones_own,
        crate::custody::operation::tests::refused::a_resolution_moves_what_can_be_moved,
        crate::custody::operation::tests::refused::a_resolution_names_no_output_of_another,
        crate::workflow::execution::tests::bounds_at_their_edges,
        crate::workflow::execution::tests::an_id_is_one_content,
        crate::workflow::execution::tests::the_end_is_final_and_the_same_end_again_is_answered_alike,
        crate::workflow::execution::tests::a_lease_lapses_by_the_clock_whether_or_not_that_is_written_down,
        crate::workflow::execution::tests::executions_are_within_each_other_and_in_conversations_of_their_user,
        crate::workflow::execution::tests::who_may_run_for_whom,
        crate::workflow::execution::switch_tests::an_agent_is_named_by_its_owner_or_by_whoever_keeps_all,
        crate::workflow::execution::tests::what_is_held_is_in_no_entry_and_goes_with_the_user,
        crate::workflow::metric::tests::bounds_at_their_edges,
        crate::workflow::metric::tests::an_id_is_one_content,
        crate::workflow::metric::tests::a_metric_of_an_execution_is_of_its_workflow_and_its_user,
        crate::workflow::metric::tests::who_may_record_for_whom,
        crate::workflow::step::tests::bounds_at_their_edges,
        crate::workflow::step::tests::so_many_in_a_request_and_in_an_execution,
        crate::workflow::step::tests::an_own_id_is_one_step,
        crate::workflow::step::tests::a_step_renews_the_lease_and_the_end_commits_to_their_count,
        crate::workflow::step::tests::who_may_record_for_whom,
        crate::workflow::step::approval_tests::an_execution_waits_while_an_approval_of_it_is_pending,
        crate::workflow::step::approval_tests::a_step_names_an_approval_of_its_user_or_its_recorder,
        crate::workflow::trace::tests::what_somebody_started_takes_steps_and_ends_when_they_say,
        crate::workflow::trace::bounds_tests::bounds_and_who_may,
        crate::workflow::conversation::tests::bounds_at_their_edges,
        crate::workflow::conversation::tests::a_thread_is_one_conversation,
        crate::workflow::conversation::tests::who_may_keep_whose,
        crate::workflow::conversation::tests::what_has_ended_stays,
        crate::workflow::conversation::tests::what_is_held_is_in_no_entry_and_goes_with_the_user,
        crate::audit::prune::tests::what_is_past_its_time_goes_and_nothing_else,
        crate::audit::prune::tests::nothing_under_a_hold_goes_whoever_prunes,
        crate::audit::hold::tests::bounds_of_a_hold,
        crate::audit::hold::tests::so_many_are_active_at_a_time,
        crate::audit::hold::tests::an_id_is_one_content,
        crate::audit::hold::tests::who_sets_and_who_releases,
        crate::audit::hold::tests::what_a_hold_covers,
        crate::audit::hold::tests::a_user_under_a_hold_is_not_erased,
        crate::governance::agent::tests::what_a_new_agent_may_be,
        crate::governance::agent::tests::an_id_is_one_content,
        crate::governance::agent::tests::who_may_change_whose_agents,
        crate::governance::agent::tests::versions_and_what_is_so_already,
        crate::governance::agent::tests::a_key_of_an_agent_has_few_scopes,
        crate::governance::agent::tests::a_key_of_an_agent_is_the_agent,
        crate::governance::agent::tests::the_switch_stops_it_at_once,
        crate::governance::agent::tests::what_an_agent_asks_for_is_its_own_and_not_for_its_owner_to_vote_on,
    users,
    erasures,
    own_accounts,
    events,
    assets_and_balances,
    nothing_of_that_id,
];

const NOBODY: Uuid = Uuid::from_u128(0xdead);

fn all(world: &mut World, cases: Vec<(&Caller, Command, &str)>) {
    for (caller, command, expected) in cases {
        assert_eq!(world.code(caller, &command), expected, "{command:?}");
    }
}

#[test]
fn users() {
    let mut world = World::new();
    let (root, ann) = (world.user("root", "admin"), world.user("ann", "viewer"));
    let clerk = world.user("clara", "clerk");
    let (gone, clerk) = (world.user("gone", "viewer"), world.session(clerk));
    let by = operator();
    let reset = |user| ResetPassword {
        user,
        password_hash: "another".to_owned(),
        temporary: true,
    };
    let set_role = |user, role: &str| SetRole {
        user,
        version: None,
        role: Role::parse(role).unwrap(),
    };
    let new = |name: &str| CreateUser {
        email: Some(format!("{name}@example.com")),
        ..CreateUser::new(name, Role::ADMIN)
    };
    let same_address = CreateUser {
        username: "other".to_owned(),
        ..new("ida")
    };
    let invite = |user| InviteUser { user, hash: [1; 32] };
    let erase = EraseUser {
        user: gone,
        reason: "asked to".to_owned(),
        entries: Vec::new(),
        content: Vec::new(),
    };
    all(
        &mut world,
        vec![
            (&by, erase.into(), "done"),
            (&by, DisableUser { user: gone }.into(), "user_erased"),
            (&by, EnableUser { user: NOBODY }.into(), "unknown_user"),
            (&clerk, EnableUser { user: root }.into(), "exceeds_own"),
            (&by, reset(NOBODY).into(), "unknown_user"),
            (&by, reset(gone).into(), "user_erased"),
            (&by, RecoverUser(reset(NOBODY)).into(), "unknown_user"),
            (&clerk, RecoverUser(reset(root)).into(), "exceeds_own"),
            (&by, set_role(NOBODY, "viewer").into(), "unknown_user"),
            (&by, set_role(ann, "trader").into(), "invalid_field"),
            (&by, ResetSecondFactor { user: NOBODY }.into(), "unknown_user"),
            (&clerk, ResetSecondFactor { user: root }.into(), "exceeds_own"),
            (&by, ImportUser(new("a b")).into(), "invalid_field"),
            (&clerk, ImportUser(new("ida")).into(), "exceeds_own"),
            (&by, ImportUser(new("ida")).into(), "done"),
            (&by, ImportUser(new("ida")).into(), "username_taken"),
            (&by, ImportUser(same_address).into(), "email_taken"),
            (&by, invite(NOBODY).into(), "unknown_user"),
            (&by, DisableUser { user: ann }.into(), "done"),
            (&by, invite(ann).into(), "user_disabled"),
        ],
    );
}

#[test]
fn erasures() {
    let eraser = Role::parse("eraser").unwrap();
    let mut world = World::new().with(|rules| {
        let permissions = vec![Permission::UsersErase];
        rules.define(eraser, String::new(), permissions).unwrap();
    });
    let (root, ann) = (world.user("root", "admin"), world.user("ann", "viewer"));
    let eraser = world.user("erna", "eraser");
    let (eraser, by) = (world.session(eraser), operator());
    let of = |user, reason: &str, entries: &[u64]| EraseUser {
        user,
        reason: reason.to_owned(),
        entries: entries.to_vec(),
        content: Vec::new(),
    };
    let entries = |reason: &str| EraseEntries {
        entries: vec![9],
        reason: reason.to_owned(),
    };
    let cases = vec![
        (&by, of(ann, "", &[]).into(), "invalid_field"),
        (&by, of(NOBODY, "asked to", &[]).into(), "unknown_user"),
        (&eraser, of(root, "asked to", &[]).into(), "exceeds_own"),
        (&by, of(ann, "asked to", &[9]).into(), "unknown_entry"),
        (&by, entries("").into(), "invalid_field"),
        (&by, entries("asked to").into(), "unknown_entry"),
    ];
    all(&mut world, cases);
    let decided = world.decide(&by, &DisableUser { user: root }.into());
    let (_, draft) = decided.unwrap_err();
    let entry = draft.unwrap().known();
    world.facts.entry_ids.insert(9, entry.id);
    world.facts.entries.insert(entry.id, entry);
    all(
        &mut world,
        vec![(&by, of(ann, "asked to", &[9]).into(), "entry_of_others")],
    );
}

fn own<C>(user: Uuid, session: &Caller, change: C) -> ChangeSecondFactor<C> {
    let session = id(session);
    ChangeSecondFactor {
        user,
        session,
        change,
    }
}

#[test]
fn own_accounts() {
    let mut world = World::new();
    let ann = world.user("ann", "viewer");
    let (session, key) = (world.session(ann), world.key("ann", &[Scope::Admin]));
    let password = |verified: &str| ChangePassword {
        user: ann,
        verified_hash: verified.to_owned(),
        password_hash: "chosen".to_owned(),
    };
    let enrol = Enrol {
        secret: b"sealed".to_vec(),
        verified_hash: "hash of ann".to_owned(),
    };
    let confirm = || Confirm {
        proof: Proof::Totp {
            secret: b"another".to_vec(),
            step: 7,
        },
        recovery: Vec::new(),
    };
    let codes = || RecoveryCodes {
        recovery: Vec::new(),
        verified_hash: "another".to_owned(),
    };
    let remove = Remove {
        verified_hash: "hash of ann".to_owned(),
    };
    let renew = RenewSession {
        session: id(&session),
    };
    all(
        &mut world,
        vec![
            (&key, password("hash of ann").into(), "session_needed"),
            (&session, password("another").into(), "wrong_password"),
            (&key, renew.into(), "session_needed"),
            (&session, own(ann, &session, enrol).into(), "done"),
            (&key, own(ann, &session, confirm()).into(), "session_needed"),
            (
                &session,
                own(ann, &session, confirm()).into(),
                "invalid_second_factor",
            ),
            (&key, own(ann, &session, codes()).into(), "session_needed"),
            (&session, own(ann, &session, codes()).into(), "wrong_password"),
            (&key, own(ann, &session, remove).into(), "session_needed"),
        ],
    );
    let rotate = RotateApiKey {
        id: id(&key),
        overlap_s: 0,
        shown: "prb_000000".to_owned(),
        hash: [2; 32],
    };
    world.facts.users.remove(&ann);
    all(&mut world, vec![(&operator(), rotate.into(), "unknown_user")]);
}

#[test]
fn events() {
    let mut world = World::new();
    let event = |action: &str, year: u32| {
        let event = serde_json::json!({"id": "01970000-0000-7000-8000-0000000000ab", "actor": {"kind": "user"},
            "action": action, "occurred_at": format!("{year}-01-01T00:00:00Z")});
        let event: Event = serde_json::from_value(event).unwrap();
        event.prepare(Uuid::nil(), Salt([0; 16])).unwrap()
    };
    let record = |events: Vec<NewEntry>| RecordEvents { events, list: false };
    let first = event("first", 2026);
    let known = KnownEntry::pending(&first, world.who(&operator()).recorded_by);
    world.facts.entries.insert(first.id, known);
    let restore = AcknowledgeRestore {
        remembered: Some(String::new()),
        found: String::new(),
        reason: String::new(),
    };
    let by = operator();
    all(
        &mut world,
        vec![
            (&by, record(Vec::new()).into(), "too_many_entries"),
            (&by, record(vec![event("later", 2126)]).into(), "invalid_field"),
            (&by, record(vec![event("second", 2026)]).into(), "id_conflict"),
            (&by, restore.into(), "invalid_field"),
        ],
    );
}

#[test]
fn assets_and_balances() {
    let mut world = World::new();
    let by = operator();
    let asset = |id: u128, code: &str| CreateAsset {
        id: Some(Uuid::from_u128(id)),
        code: code.to_owned(),
        name: "Euro".to_owned(),
        scale: 2,
        chain: None,
    };
    all(
        &mut world,
        vec![
            (&by, asset(1, "EUR").into(), "done"),
            (&by, asset(1, "USD").into(), "id_conflict"),
            (&by, asset(2, "eur").into(), "code_taken"),
            (&by, asset(2, "E U").into(), "invalid_field"),
        ],
    );
    let fees = Balance::id_of(Uuid::from_u128(1), Owner::House(House::Fees));
    let units = |units| Some(Some(Amount::new(units).unwrap()));
    let bounds = ConfigureBalance {
        balance: fees,
        asset: Uuid::from_u128(1),
        version: None,
        minimum: None,
        maximum: None,
        closed: None,
    };
    let minimum = |minimum| ConfigureBalance {
        minimum,
        ..bounds.clone()
    };
    let above = ConfigureBalance {
        maximum: units(5),
        ..bounds.clone()
    };
    let elsewhere = ConfigureBalance {
        balance: NOBODY,
        ..bounds.clone()
    };
    let earlier = ConfigureBalance {
        version: Some(9),
        ..bounds.clone()
    };
    world.facts.balances.get_mut(&fees).unwrap().row.posted = Amount::new(10).unwrap();
    all(
        &mut world,
        vec![
            (&by, elsewhere.into(), "unknown_balance"),
            (&by, earlier.into(), "version_mismatch"),
            (&by, minimum(Some(None)).into(), "invalid_field"),
            (&by, minimum(units(20)).into(), "below_minimum"),
            (&by, above.into(), "above_maximum"),
        ],
    );
    world.facts.assets.clear();
    all(&mut world, vec![(&by, bounds.into(), "unknown_asset")]);
}

#[test]
fn nothing_of_that_id() {
    let mut world = World::new();
    let (ann, cora) = (world.user("ann", "viewer"), world.user("cora", "compliance"));
    let (reviewer, by) = (world.session(cora), operator());
    let reason = || "no".to_owned();
    let reject = RejectKyc {
        record: NOBODY,
        user: ann,
        version: None,
        decision: Reject { reason: reason() },
    };
    let revoke = RevokeKyc {
        record: NOBODY,
        user: ann,
        version: None,
        decision: Revoke { reason: reason() },
    };
    let using = UseApproval {
        approval: NOBODY,
        action: "workflow.deploy".to_owned(),
        arguments: "{}".to_owned(),
    };
    all(
        &mut world,
        vec![
            (&reviewer, reject.into(), "unknown_kyc_record"),
            (&reviewer, revoke.into(), "unknown_kyc_record"),
            (&by, using.into(), "unknown_approval"),
        ],
    );
}

#[test]
fn every_code_that_a_verb_names_is_met_and_no_other() {
    REFUSED.take();
    for test in MEET {
        test();
    }
    let met = REFUSED.take();
    let mut wrong = Vec::new();
    for action in action::ALL {
        let name = action.name;
        let met = met.iter().filter(|(verb, _)| *verb == name);
        let met: BTreeSet<_> = met.map(|(_, code)| *code).collect();
        let named: BTreeSet<_> = refusals(action).iter().map(|code| code.name).collect();
        let demanded: BTreeSet<_> = action.demand.refusals().iter().map(|code| code.name).collect();
        wrong.extend(named.difference(&met).map(|code| format!("{name}: never {code}")));
        let known = &named | &demanded;
        wrong.extend(met.difference(&known).map(|code| format!("{name}: also {code}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
