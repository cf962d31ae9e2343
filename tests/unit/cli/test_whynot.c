/* SPDX-License-Identifier: MIT */
/* `whynot` on a real database: what the clauses read, what refuses, and that asking changes nothing. */
#include "../../../daemon/cli/parts.h"
#include "cli_rig.h"
#include <whynow/text.h>

#define REST                                                                                                   \
	"owner: ana@example.com\naudience: {min: 1, warn: 150, max: 500}\nexit: stop\n"                        \
	"goal: {metric: meeting, target: 5%, window: 30d}\nmode: live\n"                                       \
	"life: {intake: 7d, box: 30d, max: 42d, floor: 0.5, grace: 48h, cooldown: 75d}\n"                      \
	"sequence:\n  - {after: 0h, channel: email, subject: \"{{account.name}}\", body: \"Hi "                \
	"{{contact.first_name}}, on the {{signal.kind}}.\"}\n"
static const char funded[] =
    "segment: funded\n"
    "when: signal.kind == \"funding\" && signal.amount_usd >= 10e6 && account.employees >= 50 && "
    "account.country in [\"US\", \"GB\"] && signals.count(\"job_posting\", days(30)) >= 2 && "
    "!account.customer\n"
    "who: contact.department == \"people\" && contact.level >= 4\n" REST;
static const char bought[] = "segment: bought\nwhen: signal.kind == \"acquisition\"\n" REST;
static const char waiting[] =
    "segment: waiting\nwhen: signal.kind == \"funding\" && signal.age >= days(3)\n" REST;

static const char accounts[] =
    "name,domain,employees,country\nAcme Robotics,acme-robotics.com,1200,US\nBeta,beta.de,12,\n";
static const char contacts[] = "First Name,Last Name,Email,Job Title,Company Domain Name\n"
			       "Ana,Kim,ana.kim@acme-robotics.com,VP People,acme-robotics.com\n"
			       "Bo,Lee,bo@acme-robotics.com,Software Engineer,acme-robotics.com\n"
			       "Cy,Roe,cy@acme-robotics.com,Chief People Officer,acme-robotics.com\n";

static void fill(struct rig *r)
{
	DONE(r, "account", "import", rig_file("accounts.csv", accounts));
	DONE(r, "contact", "import", rig_file("contacts.csv", contacts));
	DONE(r, "segment", "apply", rig_file("funded.yaml", funded), "--yes");
	DONE(r, "segment", "apply", rig_file("bought.yaml", bought), "--yes");
	DONE(r, "segment", "apply", rig_file("waiting.yaml", waiting), "--yes");
	r->cli.width = 80;
}

static void fund(struct rig *r, const char *account)
{
	DONE(r, "signal", "add", account, "funding", "round=Series B", "amount_usd=25e6", "--occurred", "2h",
	     "--headline", "It raises $25M Series B", "--url", "https://news.example.org/x");
}

static void post_jobs(struct rig *r, const char *account)
{
	DONE(r, "signal", "add", account, "job_posting", "position=Chemist", "--occurred", "10d");
	DONE(r, "signal", "add", account, "job_posting", "position=Welder", "--occurred", "9d");
}

static const char *member(struct wn_value v, const char *name)
{
	static char text[4][400];
	static int at;
	char *dst = text[at++ % 4];
	struct wn_str s = wn_value_str(wn_value_at(v, name));
	snprintf(dst, sizeof(text[0]), "%.*s", (int)s.n, s.p ? s.p : "");
	return dst;
}

/* No line of the text is wider than a terminal of 80 columns. */
static void fits_80(struct rig *r)
{
	for (const char *at = r->out; *at;) {
		size_t n = strcspn(at, "\n");
		if (wn_text_width((struct wn_str){at, n}) > 80)
			fail_msg("wider than 80: %.*s", (int)n, at);
		at += n + (at[n] == '\n');
	}
}

static void an_account_without_signals(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "whynot", "acme-robotics.com", "funded");
	SAYS(r, "No: nothing was heard of the account yet.");
	fits_80(r);
}

static void each_clause_is_shown_with_value_source_and_need(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "beta.de");
	DONE(r, "whynot", "beta.de", "funded");
	SAYS(r, "No: account.employees needs >= 50, is 12.");
	SAYS(r, "yes  signal.kind == \"funding\"");
	SAYS(r, "signal.amount_usd: 25M");
	SAYS_NOT(r, "signal.kind: ");
	SAYS(r, "NO   account.employees >= 50");
	SAYS(r, "account.employees: 12, import accounts.csv, Mon 4 May 10:00");
	SAYS(r, "?    account.country in [\"US\", \"GB\"]");
	SAYS(r, "an import or a feed has to bring it");
	SAYS(r, "signals.count(\"job_posting\", days(30)) needs >= 2, is 0");
	SAYS(r, "account.customer: false, assumed: nobody has said it");
	SAYS(r, "yes  a signal that may open something, not merged, not excluded");
	fits_80(r);
	DONE(r, "whynot", "Acme", "Robotics", "funded"); /* a name of several words */
	EXPECT(r, WN_EXIT_NOT_FOUND, "whynot", "beta.de", "fundet");
	COMPLAINS(r, "did you mean \"funded\"?");
	EXPECT(r, WN_EXIT_NOT_FOUND, "whynot", "nobody.example.com", "funded");
	SOUND(r);
}

static void a_member_is_told_to_be_one_with_its_touches(void **state)
{
	RIG(r);
	fill(r);
	post_jobs(r, "acme-robotics.com");
	fund(r, "acme-robotics.com");
	DONE(r, "whynot", "acme-robotics.com", "funded");
	SAYS(r, "Yes: it is in campaign ");
	SAYS(r, "yes  Ana Kim, VP People: is a member already");
	SAYS(r, "NO   Bo Lee, Software Engineer");
	SAYS(r, "contact.department needs \"people\", is \"engineering\"");
	SAYS(r, "1 email to Ana Kim, VP People: would go out now");
	SAYS_NOT(r, "@");
	fits_80(r);
	DONE(r, "pause");
	DONE(r, "whynot", "acme-robotics.com", "funded");
	SAYS(r, "Everything is paused");
	SAYS(r, "held: paused by an operator");
	SOUND(r);
}

static void an_opt_out_is_named_without_the_address(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "contact", "suppress", "ana.kim@acme-robotics.com", "--reason", "opt_out");
	DONE(r, "contact", "suppress", "cy@acme-robotics.com");
	post_jobs(r, "acme-robotics.com");
	fund(r, "acme-robotics.com");
	DONE(r, "whynot", "acme-robotics.com", "funded");
	SAYS(r, "No: qualifies, but nobody there fits `who`");
	SAYS(r, "NO   Ana Kim, VP People: opted out");
	SAYS(r, "NO   Cy Roe, Chief People Officer: must not be contacted");
	SAYS(r, "STORED");
	SAYS_NOT(r, "@");
	fits_80(r);
	DONE(r, "whynot", "acme-robotics.com", "funded", "--json");
	SAYS_NOT(r, "@");
	SAYS(r, "\"blocked\":\"opted_out\"");
	DONE(r, "contact", "suppress", "acme-robotics.com");
	DONE(r, "whynot", "acme-robotics.com", "funded");
	SAYS(r, "NO   the account must not be contacted");
	SOUND(r);
}

static void time_alone_is_told_with_its_instant(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "beta.de");
	DONE(r, "whynot", "beta.de", "waiting");
	SAYS(r, "signal.age needs >= 3d, is 2h");
	SAYS(r, "time alone makes it true Thu 7 May 08:00 (in 3 d)");
	SAYS(r, "Time alone makes the rule true Thu 7 May 08:00");
	fits_80(r);
}

static void what_would_do_now_says_what_it_waits_for(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "beta.de");
	DONE(r, "segment", "apply",
	     rig_file("late.yaml", "segment: late\nwhen: signal.kind == \"funding\"\n" REST), "--yes");
	DONE(r, "whynot", "beta.de", "late");
	SAYS(r, "Yes: nothing stands in its way: it would open a campaign.");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.campaign"), 0); /* asking opens nothing */
	fits_80(r);
	rig_advance(r, WN_HOUR);
	DONE(r, "segment", "apply",
	     rig_file("later.yaml", "segment: later\nwhen: signal.kind == \"funding\"\n" REST), "--yes");
	DONE(r, "whynot", "beta.de", "later");
	SAYS(r, "The signal was stored before version 1 was published");
	SOUND(r);
}

static void a_cooldown_is_told_with_its_end(void **state)
{
	RIG(r);
	char id[64];
	fill(r);
	post_jobs(r, "acme-robotics.com");
	fund(r, "acme-robotics.com");
	DONE(r, "campaign", "list", "--json");
	rig_pick(r, 0, "campaign_id", id, sizeof(id));
	DONE(r, "campaign", "cancel", id);
	DONE(r, "signal", "add", "acme-robotics.com", "funding", "round=Series C", "amount_usd=90e6",
	     "--headline", "Again");
	DONE(r, "whynot", "acme-robotics.com", "funded");
	SAYS(r, "the cooldown is not over: until ");
	SAYS(r, "NO   cooldown after an earlier membership: until ");
	fits_80(r);
	DONE(r, "whynot", "acme-robotics.com");
	SAYS(r, "bought ");
	fits_80(r);
	SOUND(r);
}

static void every_segment_has_a_line_with_the_first_clause(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "beta.de");
	DONE(r, "whynot", "beta.de");
	SAYS(r, "funded  NO account.employees needs >= 50, is 12");
	SAYS(r, "bought  NO needs a signal of kind acquisition");
	fits_80(r);
	DONE(r, "whynot", "beta.de", "--json");
	struct wn_arena *a = wn_arena_new(0);
	struct wn_value v = rig_json(r, a);
	assert_int_equal(v.n, 3);
	for (size_t i = 0; i < v.n; i++)
		if (strcmp(member(v.list[i], "segment"), "funded") == 0) {
			assert_string_equal(member(v.list[i], "answer"), "no");
			assert_string_equal(member(v.list[i], "first_clause"), "account.employees >= 50");
		}
	wn_arena_free(a);
}

static void json_has_it_all(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "beta.de");
	DONE(r, "whynot", "beta.de", "funded", "--json");
	struct wn_arena *a = wn_arena_new(0);
	struct wn_value v = rig_json(r, a), clauses = wn_value_at(v, "clauses"), third = clauses.list[2];
	assert_string_equal(member(v, "answer"), "no");
	assert_string_equal(member(v, "verdict"), "false");
	assert_int_equal(clauses.n, 6);
	assert_string_equal(member(third, "clause"), "account.employees >= 50");
	assert_string_equal(member(third, "verdict"), "false");
	struct wn_value value = wn_value_at(third, "values").list[0];
	assert_int_equal(wn_value_at(value, "value").i, 12);
	assert_string_equal(member(value, "source"), "imported");
	assert_string_equal(member(value, "said_at"), "2026-05-04T10:00:00Z");
	assert_string_equal(member(wn_value_at(v, "signal"), "kind"), "funding");
	wn_arena_free(a);
}

/* --- segment check, segment show ------------------------------------------------------------- */
static void check_explains_the_rule_over_the_stored_accounts(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "beta.de");
	DONE(r, "segment", "check", rig_file("funded.yaml", funded));
	SAYS(r, "signal.amount_usd >= 10000000.0");
	SAYS(r, "signal.amount_usd double; true for 100 % of 1 account with a fitting\n");
	SAYS(r, "account.employees int; true for 50 % of 2 accounts");
	SAYS(r, "account.country string; true for 50 %, unknown for 50 % of 2 accounts");
	SAYS(r, "contact.level int; true for 67 % of 3 contacts");
	SAYS(r, "time alone may make it false");
	SAYS(r, "time: time alone never makes the rule true");
	SAYS(r, "filed under signal.kind == \"funding\"");
	SAYS(r, "leaves 1 of 1 stored signal (100 %); evaluated for each candidate:\n    account.employees >= 50; account.country in");
	SAYS_NOT(r, "unknown for more than half");
	fits_80(r);
	DONE(r, "account", "import", rig_file("more.csv", "name,domain\nC,c.com\nD,d.com\nE,e.com\n"));
	DONE(r, "segment", "check", rig_file("funded.yaml", funded));
	SAYS(r, "unknown for more than half");
	SAYS(r, "3 of 5 accounts: account.employees >= 50");
	SAYS(r, "4 of 5 accounts: account.country in [\"US\", \"GB\"]");
	DONE(r, "segment", "check", rig_file("funded.yaml", funded), "--accounts", "0");
	SAYS_NOT(r, "true for");
	DONE(r, "segment", "check", "--offline", rig_file("waiting.yaml", waiting));
	SAYS(r, "time: the rule may become true by time alone, through signal.age >= days(3)");
	SAYS_NOT(r, "leaves");
	DONE(r, "segment", "check", rig_file("funded.yaml", funded), "--json");
	SAYS(r, "\"unknown\":4");
	SAYS(r, "\"signals\":1,\"signals_left\":1");
	SOUND(r);
}

/* Shares are of what is stored, also of values that no rule named before. */
static void check_counts_what_the_index_leaves_and_who_waits_for_time(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "beta.de");
	fund(r, "acme-robotics.com");
	DONE(r, "signal", "add", "beta.de", "page_view", "path=/docs");
	DONE(r, "signal", "add", "beta.de", "page_view", "path=/docs", "--occurred", "1d");
	DONE(r, "segment", "check", rig_file("waiting.yaml", waiting));
	SAYS(r, "filed under signal.kind == \"funding\"");
	SAYS(r, "leaves 2 of 4 stored signals (50 %); evaluated for each candidate:\n    signal.age >= days(3)");
	SAYS(r, "change; 2 of 2 accounts with a fitting signal wait for that");
	SAYS(r, "the first until\n  Thu 7 May");
	DONE(r, "--json", "segment", "check", rig_file("waiting.yaml", waiting));
	SAYS(r, "\"waiting\":2,\"next_true_at\":\"2026-05-07T");
	DONE(r, "segment", "check",
	     rig_file("types.yaml", "segment: types\nwhen: |\n  signals.exists(s, s.kind == \"funding\" && s.amount_usd > 1.0) && has(account.industry)\n" REST));
	SAYS(r, "s.kind enum, s.amount_usd double; true for");
	SAYS(r, "account.industry string; true for");
}

static void show_tells_what_is_mostly_unknown(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "account", "import", rig_file("more.csv", "name,domain\nC,c.com\nD,d.com\nE,e.com\n"));
	assert_int_equal(rig_count(r, "WITH x AS (UPDATE whynow.segment_version SET status = 'valid' RETURNING "
				      "1) SELECT count(*) FROM x"),
			 3);
	DONE(r, "segment", "show", "funded");
	SAYS(r, "3 of 5 accounts: account.employees >= 50");
	SAYS(r, "account.employees has no value: an import or a feed has to bring it");
	DONE(r, "segment", "show", "bought");
	SAYS(r, "unknown    no clause for more than half of 5 accounts");
	DONE(r, "segment", "show", "funded", "--json");
	SAYS(r, "\"why_unknown\":\"account.employees has no value");
}

/* --- why, campaign show ---------------------------------------------------------------------- */
static void why_says_what_happens_next_in_order(void **state)
{
	RIG(r);
	fill(r);
	post_jobs(r, "acme-robotics.com");
	fund(r, "acme-robotics.com");
	DONE(r, "why", "acme-robotics.com");
	SAYS(r, "NEXT\n  now                         touch 1 (email) to Ana Kim is decided\n");
	SAYS(r, "Thu 7 May 08:00 (in 3 d)    waiting is looked at again: time alone may make it");
	SAYS(r, "Thu 7 May 10:00 (in 3 d)    Ana Kim leaves funded unless a touch was sent by");
	SAYS(r, "Mon 11 May 10:00 (in 7 d)   funded takes no new members any more");
	SAYS(r, "Wed 3 Jun 10:00 (in 30 d)   funded: the box of Ana Kim ends");
	SAYS(r, "country US (import accounts.csv, Mon 4 May 10:00)");
	fits_80(r);
	DONE(r, "why", "acme-robotics.com", "--json");
	SAYS(r, "\"next\":[{\"at\":\"2026-05-04T10:00:00Z\"");
}

static void the_timeline_is_history_in_sentences(void **state)
{
	RIG(r);
	char id[64];
	fill(r);
	post_jobs(r, "acme-robotics.com");
	fund(r, "acme-robotics.com");
	rig_advance(r, WN_DAY);
	DONE(r, "campaign", "list", "--json");
	rig_pick(r, 0, "campaign_id", id, sizeof(id));
	DONE(r, "campaign", "cancel", id, "--reason", "wrong list");
	DONE(r, "campaign", "show", id);
	SAYS(r, "Mon 4 May 10:00   opened: its rule came true (operator ana)");
	SAYS(r, "Ana Kim of acme-robotics.com enrolled for funding of Mon 4");
	SAYS(r, "\"It raises $25M Series B\"");
	SAYS(r, "touch 1 (email) to Ana Kim of acme-robotics.com planned");
	SAYS(r, "Tue 5 May 10:00   ");
	SAYS(r, "first review: not enough data");
	fits_80(r);
	DONE(r, "campaign", "show", id, "--events", "2");
	SAYS(r, "the newest 2 of ");
	SOUND(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_account_without_signals),
	    cmocka_unit_test(each_clause_is_shown_with_value_source_and_need),
	    cmocka_unit_test(a_member_is_told_to_be_one_with_its_touches),
	    cmocka_unit_test(an_opt_out_is_named_without_the_address),
	    cmocka_unit_test(time_alone_is_told_with_its_instant),
	    cmocka_unit_test(what_would_do_now_says_what_it_waits_for),
	    cmocka_unit_test(a_cooldown_is_told_with_its_end),
	    cmocka_unit_test(every_segment_has_a_line_with_the_first_clause),
	    cmocka_unit_test(json_has_it_all),
	    cmocka_unit_test(check_explains_the_rule_over_the_stored_accounts),
	    cmocka_unit_test(check_counts_what_the_index_leaves_and_who_waits_for_time),
	    cmocka_unit_test(show_tells_what_is_mostly_unknown),
	    cmocka_unit_test(why_says_what_happens_next_in_order),
	    cmocka_unit_test(the_timeline_is_history_in_sentences),
	};
	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
