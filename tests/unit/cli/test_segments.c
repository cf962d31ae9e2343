/* SPDX-License-Identifier: MIT */
/* The life of a segment's text on a real database: tests, versions, differences, copies, and what it would have opened. */
#include "../../../daemon/cli/parts.h"
#include "cli_rig.h"

static const char funded[] =
    "# who raised money\n"
    "segment: funded\n"
    "owner: ana@example.com\n"
    "when: |\n"
    "  signal.kind == \"funding\" && signal.amount_usd >= 10e6\n"
    "  && !account.customer\n"
    "audience: {min: 1, max: 500}\n"
    "life: {intake: 7d, box: 14d, max: 42d}\n"
    "exit: stop\n"
    "goal: {metric: meeting, target: 5%, window: 30d}\n"
    "mode: live   # since May\n"
    "sequence:\n"
    "  - {after: 0h, channel: email, subject: \"On {{signal.round}}\", body: \"On {{signal.round}}\"}\n"
    "tests:\n"
    "  - name: opens\n"
    "    signals: [{kind: funding, age: 1h, amount_usd: 20e6, round: Series B}]\n"
    "    expect: {opens: true}\n";

static const char *with(const char *from, const char *to)
{
	static char text[4000];
	const char *at = strstr(funded, from);
	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - funded), funded, to, at + strlen(from));
	return rig_file("changed.yaml", text);
}

static void fund(struct rig *r, const char *account, const char *occurred)
{
	DONE(r, "signal", "add", account, "funding", "round=Series B", "amount_usd=25e6", "--occurred", occurred);
}

static void accounts(struct rig *r)
{
	DONE(r, "account", "import", rig_file("accounts.csv", "name,domain\nAcme,acme.example.com\nBeta,beta.example.org\n"));
}

static void a_failing_test_refuses_the_version(void **state)
{
	RIG(r);
	EXPECT(r, WN_EXIT_INVALID, "segment", "apply", with("age: 1h", "age: 50d"), "--yes");
	COMPLAINS(r, "changed.yaml:17:21: test \"opens\": expected a campaign; the rule was true, and nothing opened: stale_on_arrival");
	COMPLAINS(r, "1 of 1 test failed");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.segment_version"), 0);
	DONE(r, "segment", "apply", rig_file("funded.yaml", funded), "--yes");
	SAYS(r, "1 test passed");
}

static void what_is_exported_says_the_same_when_applied(void **state)
{
	RIG(r);
	static char text[8000];
	DONE(r, "segment", "apply", rig_file("funded.yaml", funded), "--yes");
	DONE(r, "segment", "clone", "funded", "funded-2");
	SAYS(r, "funded-2: version 1 published");
	DONE(r, "segment", "export");
	SAYS(r, "# who raised money");
	snprintf(text, sizeof(text), "%s", r->out);
	DONE(r, "segment", "apply", rig_file("all.yaml", text), "--yes");
	SAYS(r, "funded: version 1 says the same already");
	SAYS(r, "funded-2: version 1 says the same already");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.segment_version"), 2);
	EXPECT(r, WN_EXIT_NOT_FOUND, "segment", "export", "fundd");
	COMPLAINS(r, "did you mean \"funded\"?");
}

static void a_clone_is_the_same_text_in_shadow_under_another_name(void **state)
{
	RIG(r);
	DONE(r, "segment", "apply", rig_file("funded.yaml", funded), "--yes");
	DONE(r, "segment", "clone", "funded", "copy", "--print");
	SAYS(r, "# who raised money\nsegment: copy\n");
	SAYS(r, "mode: shadow   # since May");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.segment_version"), 1);
	EXPECT(r, WN_EXIT_REFUSED, "segment", "clone", "funded", "funded");
	EXPECT(r, WN_EXIT_NOT_FOUND, "segment", "clone", "nope", "copy");
	EXPECT(r, WN_EXIT_USAGE, "segment", "clone", "funded", "a b");
	DONE(r, "segment", "clone", "funded", "copy");
	EXPECT(r, WN_EXIT_DONE, "segment", "list");
	SAYS(r, "copy");
}

static void diff_shows_fields_and_the_campaigns_it_would_finish(void **state)
{
	RIG(r);
	accounts(r);
	DONE(r, "segment", "apply", rig_file("funded.yaml", funded), "--yes");
	fund(r, "acme.example.com", "2h");
	DONE(r, "segment", "diff", rig_file("funded.yaml", funded));
	SAYS(r, "funded: version 1 -> ");
	SAYS(r, ": no difference");
	const char *path = with("box: 14d", "box: 20d");
	EXPECT(r, WN_EXIT_NO, "segment", "diff", path);
	SAYS(r, "  life.box: 14d -> 20d\n");
	SAYS(r, "of version 1, 1 live: goes to finishing, takes no new members, keeps its goal");
	DONE(r, "segment", "apply", path, "--yes");
	EXPECT(r, WN_EXIT_NO, "segment", "diff", "funded");
	SAYS(r, "funded: version 1 -> version 2");
	EXPECT(r, WN_EXIT_NO, "segment", "diff", "funded", "2", "1");
	SAYS(r, "  life.box: 20d -> 14d\n");
	EXPECT(r, WN_EXIT_NO, "segment", "diff", with("target: 5%", "target: 7%"));
	SAYS(r, "  goal.target: 0.05 -> 0.07");
	EXPECT(r, WN_EXIT_NO, "--json", "segment", "diff", "funded");
	SAYS(r, "\"field\":\"life.box\"");
	EXPECT(r, WN_EXIT_NOT_FOUND, "segment", "diff", "funded", "7");
	EXPECT(r, WN_EXIT_NO, "segment", "diff", rig_file("new.yaml", "segment: new\nbroad: true\nowner: a\nwhen: account.customer\n"));
	SAYS(r, "new: new");
}

static void apply_ends_with_what_it_would_have_opened(void **state)
{
	RIG(r);
	accounts(r);
	fund(r, "acme.example.com", "2h");
	fund(r, "beta.example.org", "3h");
	DONE(r, "segment", "apply", rig_file("funded.yaml", funded), "--yes");
	SAYS(r, "last 30d: it would have opened 1 campaign with 2 members at 2 accounts");
	SAYS(r, "example.com opens it: funding");
	SAYS(r, "example.org joins: funding");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.campaign"), 0);
	DONE(r, "segment", "apply", with("10e6", "11e6"), "--yes", "--no-backtest");
	assert_null(strstr(r->out, "last 30d"));
}

static void backtest_counts_what_was_unknown_and_refused(void **state)
{
	RIG(r);
	accounts(r);
	fund(r, "acme.example.com", "2h");
	fund(r, "beta.example.org", "40d");
	DONE(r, "segment", "backtest", rig_file("funded.yaml", funded));
	SAYS(r, "1 campaign with 1 member at 1 account");
	SAYS(r, "1 account was true and not enrolled");
	static char text[4000];
	snprintf(text, sizeof(text), "%.*s", (int)(strstr(funded, "tests:") - funded), funded);
	memcpy(strstr(text, "!account.customer"), "account.plan!='a'", 17);
	DONE(r, "segment", "backtest", rig_file("sizes.yaml", text), "--days", "7");
	SAYS(r, "last 7d: it would have opened nothing; 2 accounts had a signal it could open on");
	SAYS(r, "2 accounts stayed unknown, most often for `account.plan!='a'`");
	DONE(r, "--json", "segment", "backtest", rig_file("funded.yaml", funded));
	SAYS(r, "\"campaigns\":1,");
	EXPECT(r, WN_EXIT_NOT_FOUND, "segment", "backtest", "nothing-of-that-name");
	SOUND(r);
}

static const char named[] =
    "segment: named\n"
    "owner: ana@example.com\n"
    "when: signal.kind == \"funding\"\n"
    "audience: {min: 1, max: 500}\n"
    "exit: stop\n"
    "goal: {metric: meeting, target: 5%, window: 30d}\n"
    "sequence: congratulate\n"
    "tests:\n"
    "  - name: says it\n"
    "    contacts: [{}]\n"
    "    signals: [{kind: funding, age: 1h, round: Seed}]\n"
    "    expect: {opens: true, touches: [{channel: linkedin-task, body: Call about Seed}]}\n";

static const char *both(const char *steps)
{
	static char text[4000];
	snprintf(text, sizeof(text), "%s---\nsequence: congratulate\nsteps:\n%s", named, steps);
	return rig_file("both.yaml", text);
}

static void a_stored_sequence_is_taken_as_it_was_when_the_segment_was_applied(void **state)
{
	RIG(r);
	static char text[8000];
	EXPECT(r, WN_EXIT_INVALID, "segment", "apply", rig_file("named.yaml", named));
	COMPLAINS(r, "named.yaml:7:11: there is no stored sequence \"congratulate\"");
	EXPECT(r, WN_EXIT_INVALID, "segment", "apply", both("  - {channel: linkedin-task, body: \"Call about {{signal.rund}}\"}\n"));
	COMPLAINS(r, "both.yaml:16:");
	COMPLAINS(r, "did you mean \"round\"?");
	EXPECT(r, WN_EXIT_INVALID, "segment", "apply", both("  - {chanel: linkedin-task, body: x}\n"));
	COMPLAINS(r, "did you mean \"channel\"?");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.sequence"), 0);
	DONE(r, "segment", "apply", both("  - {channel: linkedin-task, body: \"Call about {{signal.round}}\"}\n"));
	SAYS(r, "sequence congratulate: version 1 published");
	SAYS(r, "named: version 1 published");
	DONE(r, "segment", "apply", rig_file("named.yaml", named));
	SAYS(r, "named: version 1 says the same already");
	DONE(r, "segment", "export");
	SAYS(r, "sequence: congratulate");
	snprintf(text, sizeof(text), "%s", r->out);
	DONE(r, "segment", "apply", rig_file("all.yaml", text));
	SAYS(r, "sequence congratulate: version 1 says the same already");
	SAYS(r, "named: version 1 says the same already");
	rig_advance(r, WN_HOUR);
	DONE(r, "segment", "apply", both("  - {after: 1d, channel: linkedin-task, body: \"Call about {{signal.round}}\"}\n"));
	SAYS(r, "sequence congratulate: version 2 published");
	SAYS(r, "named: version 2 published");
	EXPECT(r, WN_EXIT_NO, "segment", "diff", "named");
	SAYS(r, "sequence[1].after: 0s -> 1d");
}

static void migrate_touches_only_what_is_older_and_alive(void **state)
{
	RIG(r);
	accounts(r);
	DONE(r, "segment", "apply", rig_file("funded.yaml", funded), "--yes", "--migrate");
	assert_null(strstr(r->out, "campaign.migrated"));
	fund(r, "acme.example.com", "2h");
	DONE(r, "segment", "apply", with("exit: stop", "exit: finish"), "--yes", "--migrate");
	SAYS(r, "campaign.migrated");
	assert_int_equal(rig_count(r, "SELECT (steps -> 0 ->> 0)::int FROM whynow.campaign"), 2);
	DONE(r, "segment", "apply", with("exit: stop", "exit: finish"), "--yes", "--migrate");
	assert_null(strstr(r->out, "campaign.migrated"));
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.history WHERE type = 'campaign.migrated'"), 1);
	assert_int_equal(rig_count(r, "SELECT (goal_target * 100)::int FROM whynow.campaign"), 5);
	SOUND(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failing_test_refuses_the_version),
	    cmocka_unit_test(what_is_exported_says_the_same_when_applied),
	    cmocka_unit_test(a_clone_is_the_same_text_in_shadow_under_another_name),
	    cmocka_unit_test(diff_shows_fields_and_the_campaigns_it_would_finish),
	    cmocka_unit_test(a_stored_sequence_is_taken_as_it_was_when_the_segment_was_applied),
	    cmocka_unit_test(migrate_touches_only_what_is_older_and_alive),
	    cmocka_unit_test(apply_ends_with_what_it_would_have_opened),
	    cmocka_unit_test(backtest_counts_what_was_unknown_and_refused),
	};
	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
