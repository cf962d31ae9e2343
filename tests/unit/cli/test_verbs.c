/* SPDX-License-Identifier: MIT */
/* What an operator does, on a real database: imports, signals, campaigns, touches, segments; and what the
 * screens say. */
#include "../../../daemon/cli/parts.h"
#include "cli_rig.h"

static const char segments[] =
    "segment: funded\n"
    "description: Raised money\n"
    "owner: ana@example.com\n"
    "when: signal.kind == \"funding\" && signal.amount_usd >= 10e6 && !account.customer\n"
    "who: contact.department == \"people\" && contact.level >= 4\n"
    "audience: {min: 1, warn: 150, max: 500}\n"
    "life: {intake: 7d, box: 30d, max: 42d, floor: 0.5, grace: 48h, cooldown: 75d}\n"
    "exit: stop\n"
    "goal: {metric: meeting, target: 5%, window: 30d}\n"
    "mode: live\n"
    "priority: 50\n"
    "sequence:\n"
    "  - {after: 0h, channel: email, subject: \"{{account.name}} and the {{signal.round}}\", body: \"Hi "
    "{{contact.first_name}}, congratulations.\"}\n"
    "  - {after: 3d, channel: linkedin-task, body: \"{{contact.first_name}}: {{signal.headline}}\"}\n";
static const char proposing[] =
    "segment: bought\n"
    "owner: ana@example.com\n"
    "when: signal.kind == \"acquisition\"\n"
    "who: contact.department == \"people\"\n"
    "audience: {min: 1, warn: 150, max: 500}\n"
    "life: {intake: 7d, box: 14d, max: 42d, floor: 0.5, grace: 48h, cooldown: 75d}\n"
    "exit: stop\n"
    "goal: {metric: meeting, target: 5%, window: 30d}\n"
    "mode: propose\n"
    "sequence:\n"
    "  - {after: 0h, channel: email, subject: \"{{signal.target}}\", body: \"Hi {{contact.first_name}}, "
    "welcome {{signal.target}}.\"}\n";

static const char accounts_csv[] = "Company Name,Website,# Employees,Billing Country,Fax\r\n"
				   "Acme Robotics,https://www.acme-robotics.com/about,\"1,200\",US,123\r\n"
				   "Beta GmbH,beta.de,51-200,DE,\r\n"
				   "\"Multi\r\nLine Ltd\",,12,GB,\r\n"
				   "\r\n"
				   ",gmail.com,,,\r\n"
				   "Gamma,gmail.com,lots,US,\r\n";
static const char contacts_csv[] = "First Name,Last Name,Email,Job Title,Company Domain Name,Phone Number\n"
				   "Ana,Kim,Ana.Kim@Acme-Robotics.com,VP People,acme-robotics.com,+1 555\n"
				   "Bo,Lee,bo@acme-robotics.com,Software Engineer,acme-robotics.com,\n"
				   ",,nonsense,CEO,beta.de,\n"
				   "Cy,Roe,cy@beta.de,Chief People Officer,,\n";

/* Accounts, contacts, both segments. */
static void fill(struct rig *r)
{
	EXPECT(r, WN_EXIT_NO, "account", "import", rig_file("accounts.csv", accounts_csv));
	EXPECT(r, WN_EXIT_NO, "contact", "import", rig_file("contacts.csv", contacts_csv));
	DONE(r, "segment", "apply", rig_file("funded.yaml", segments), "--yes");
	DONE(r, "segment", "apply", rig_file("bought.yaml", proposing));
}

static void fund(struct rig *r, const char *account)
{
	DONE(r, "signal", "add", account, "funding", "round=Series B", "amount_usd=25e6", "--occurred", "2h",
	     "--headline", "It raises $25M Series B", "--url", "https://news.example.org/x");
}

static const char *campaign_of(struct rig *r, char *dst, size_t size)
{
	DONE(r, "campaign", "list", "--json", "--all");
	return rig_pick(r, 0, "campaign_id", dst, size);
}

/* --- imports --------------------------------------------------------------------------------- */
static void import_reports_lines_made_changed_same_and_refused(void **state)
{
	RIG(r);
	EXPECT(r, WN_EXIT_NO, "account", "import", rig_file("accounts.csv", accounts_csv));
	SAYS(r, "4 made, 0 changed, 0 the same, 1 refused");
	COMPLAINS(r, "accounts.csv:7: gmail.com hosts many companies");
	COMPLAINS(r, "accounts.csv:8: employees is left out");
	EXPECT(r, WN_EXIT_NO, "account", "import", rig_file("accounts.csv", accounts_csv));
	SAYS(r, "0 made, 0 changed, 4 the same, 1 refused");
	DONE(r, "account", "import", rig_file("more.csv", "domain,country\nbeta.de,AT\nacme-robotics.com,\n"));
	SAYS(r, "0 made, 1 changed, 1 the same, 0 refused");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.fact_change WHERE trait = 'country' AND new "
				      "= '\"AT\"' AND source = 'import more.csv'"),
			 1);
	SOUND(r);
}

static void import_reads_numbers_as_spreadsheets_write_them(void **state)
{
	RIG(r);
	EXPECT(r, WN_EXIT_NO, "account", "import", rig_file("accounts.csv", accounts_csv));
	assert_int_equal(rig_count(r, "SELECT (traits->'employees'->>'v')::int FROM whynow.account WHERE "
				      "domain = 'acme-robotics.com'"),
			 1200);
	assert_int_equal(
	    rig_count(r,
		      "SELECT (traits->'employees'->>'v')::int FROM whynow.account WHERE domain = 'beta.de'"),
	    51);
}

static void dry_run_shows_the_guess_and_stores_nothing(void **state)
{
	RIG(r);
	DONE(r, "account", "import", rig_file("accounts.csv", accounts_csv), "--dry-run");
	SAYS(r, "# Employees     trait employees (int)");
	SAYS(r, "Website         domain");
	SAYS(r, "Fax             -");
	SAYS(r, "acme-robotics.com");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.account"), 0);
}

static void map_overrides_the_guess_and_names_what_there_is(void **state)
{
	RIG(r);
	const char *path = rig_file("odd.csv", "Firma,Seite,Leute\nAcme,acme.com,7\n");
	EXPECT(r, WN_EXIT_USAGE, "account", "import", path, "--map", "Leute=emploees");
	COMPLAINS(r, "did you mean \"employees\"?");
	EXPECT(r, WN_EXIT_USAGE, "account", "import", path, "--map", "Laute=employees");
	DONE(r, "account", "import", path, "--map", "Leute=employees", "--map", "Seite=domain", "--map",
	     "Firma=name");
	assert_int_equal(rig_count(r, "SELECT (traits->'employees'->>'v')::int FROM whynow.account WHERE "
				      "domain = 'acme.com' AND name = 'Acme'"),
			 7);
}

static void json_lines_are_imported_and_a_broken_line_costs_itself(void **state)
{
	RIG(r);
	EXPECT(r, WN_EXIT_NO, "account", "import", "--json",
	       rig_file("a.jsonl", "{\"domain\": \"acme.com\", \"employees\": 12, \"technologies\": "
				   "[\"Kafka\", \"Redis\"]}\n{broken\n\n{\"name\": \"Solo\"}\n"));
	SAYS(r, "\"made\":2");
	SAYS(r, "\"line\":2");
	assert_int_equal(rig_count(r, "SELECT jsonb_array_length(traits->'technologies'->'v') FROM "
				      "whynow.account WHERE domain = 'acme.com'"),
			 2);
}

static void contacts_get_department_and_level_from_their_position(void **state)
{
	RIG(r);
	EXPECT(r, WN_EXIT_NO, "contact", "import", rig_file("contacts.csv", contacts_csv));
	SAYS(r, "3 made, 0 changed, 0 the same, 1 refused");
	COMPLAINS(r, "contacts.csv:4: \"nonsense\" is no mail address");
	assert_int_equal(
	    rig_count(r, "SELECT count(*) FROM whynow.contact WHERE department = 'people' AND level >= 5"), 2);
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.contact WHERE email = "
				      "'ana.kim@acme-robotics.com' AND name = 'Ana Kim'"),
			 1);
}

static void a_large_import_goes_in_blocks(void **state)
{
	RIG(r);
	struct wn_buf b;
	wn_buf_init(&b, 1 << 20);
	wn_buf_text(&b, "domain,name,employees\n");
	for (int i = 0; i < 1200; i++)
		wn_buf_printf(&b, "company-%d.com,Company %d,%d\n", i, i, i);
	DONE(r, "account", "import", rig_file("many.csv", b.p));
	SAYS(r, "1200 made");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.account"), 1200);
	wn_buf_done(&b);
}

static void a_name_that_gets_its_domain_is_merged(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "signal", "add", "Delta Works", "funding", "round=Series B", "amount_usd=25e6", "--create");
	assert_int_equal(
	    rig_count(
		r, "SELECT count(*) FROM whynow.account WHERE state = 'provisional' AND name = 'Delta Works'"),
	    1);
	DONE(r, "account", "import", rig_file("delta.csv", "name,domain\nDelta Works,delta-works.com\n"));
	DONE(r, "signal", "list", "--account", "delta-works.com");
	DONE(r, "delta-works.com");
	SAYS(r, "amount_usd 25M");
	SOUND(r);
}

/* --- the life of one ------------------------------------------------------------------------- */
static void a_signal_by_hand_opens_a_campaign_and_the_screen_says_why(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	SAYS(r, "campaign.opened");
	DONE(r, "acme-robotics.com");
	SAYS(r, "Acme Robotics (acme-robotics.com)");
	SAYS(r, "WHY NOW  funded");
	SAYS(r, "\"It raises $25M Series B\"");
	SAYS(r, "round Series B, amount_usd 25M");
	SAYS(r, "by example.org");
	SAYS(r, "https://news.example.org/x");
	SAYS(r, "Ana Kim, VP People <ana.kim@acme-robotics.com>");
	SAYS(r, "1 email          due now");
	SAYS(r, "ends      Mon 25 May 08:00 (in 21 d): the evidence goes stale");
	DONE(r, "why", "Acme", "Robotics");
	SAYS(r, "strength 1.00 x corroboration 1.00 x 2^(-2h / 21d)");
	SAYS(r, "made true: ");
	SAYS(r, "employees 1200 (import accounts.csv, Mon 4 May");
	SOUND(r);
}

static void heat_and_times_follow_the_clock_and_the_zone(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	rig_advance(r, 7 * WN_DAY - 2 * WN_HOUR);
	r->cli.zone = "America/New_York";
	DONE(r, "acme-robotics.com");
	SAYS(r, "heat      0.79");
	SAYS(r, "ends      Mon 25 May 04:00 (in 14 d)");
	DONE(r, "--json", "acme-robotics.com");
	SAYS(r, "\"heat_now\":0.79");
	SAYS(r, "\"stale_at\":\"2026-05-25T08:00:00");
}

static void the_same_fact_typed_twice_is_one_signal(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	fund(r, "acme-robotics.com");
	SAYS(r, "the same was added before");
	DONE(r, "signal", "add", "acme-robotics.com", "funding", "round=Series B", "--occurred", "1h",
	     "--headline", "Others say so too", "--url", "https://other.example.net/");
	SAYS(r, "it reports signal");
	DONE(r, "acme-robotics.com");
	SAYS(r, "2 independent publishers");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.signal"), 1);
	SOUND(r);
}

static void a_signal_that_is_none_is_refused_with_the_nearest(void **state)
{
	RIG(r);
	fill(r);
	EXPECT(r, WN_EXIT_INVALID, "signal", "add", "acme-robotics.com", "fundng");
	COMPLAINS(r, "did you mean \"funding\"?");
	EXPECT(r, WN_EXIT_INVALID, "signal", "add", "acme-robotics.com", "funding", "amont_usd=3");
	COMPLAINS(r, "did you mean \"amount_usd\"?");
	EXPECT(r, WN_EXIT_INVALID, "signal", "add", "acme-robotics.com", "funding", "round=Series Q");
	EXPECT(r, WN_EXIT_INVALID, "signal", "add", "acme-robotics.com", "funding", "--occurred", "2027-01-01");
	EXPECT(r, WN_EXIT_NOT_FOUND, "signal", "add", "nobody.example.com", "funding");
	COMPLAINS(r, "--create");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.signal"), 0);
}

static void an_account_that_is_not_there_is_told_with_what_there_is(void **state)
{
	RIG(r);
	fill(r);
	EXPECT(r, WN_EXIT_NOT_FOUND, "robotics");
	COMPLAINS(r, "there is: acme-robotics.com");
	EXPECT(r, WN_EXIT_NOT_FOUND, "statu");
	COMPLAINS(r, "did you mean `whynow status`?");
}

static void a_campaign_is_approved_once_and_shown_before(void **state)
{
	RIG(r);
	char id[64];
	fill(r);
	DONE(r, "signal", "add", "acme-robotics.com", "acquisition", "target=Tiny Inc");
	campaign_of(r, id, sizeof(id));
	DONE(r, "acme-robotics.com");
	SAYS(r, "whynow campaign approve");
	SAYS(r, "unless it is approved by then: a proposal does not wait longer");
	DONE(r, "campaign", "approve", id, "--show");
	SAYS(r, "Subject: Tiny Inc");
	SAYS(r, "Hi Ana, welcome Tiny Inc.");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.campaign WHERE state = 'proposed'"), 1);
	id[9] = '\0'; /* a unique start will do */
	DONE(r, "campaign", "approve", id);
	SAYS(r, "approved");
	EXPECT(r, WN_EXIT_REFUSED, "campaign", "approve", id);
	COMPLAINS(r, "only a proposed one can be approved");
	DONE(r, "campaign", "list");
	SAYS(r, "in 14 d");
	DONE(r, "campaign", "show", id);
	SAYS(r, "proposed: it waits for approval, as `mode: propose` wants (operator ana)");
	SAYS(r, "opened: approved");
	SOUND(r);
}

static void an_approval_after_the_evidence_went_stale_is_refused(void **state)
{
	RIG(r);
	char id[64];
	fill(r);
	DONE(r, "signal", "add", "acme-robotics.com", "acquisition", "target=Tiny Inc", "--occurred", "29d");
	campaign_of(r, id, sizeof(id));
	rig_advance(r, 2 * WN_DAY);
	EXPECT(r, WN_EXIT_REFUSED, "campaign", "approve", id);
	COMPLAINS(r, "expired");
}

static void a_cancelled_campaign_leaves_nobody_and_nothing_planned(void **state)
{
	RIG(r);
	char id[64];
	fill(r);
	fund(r, "acme-robotics.com");
	campaign_of(r, id, sizeof(id));
	DONE(r, "campaign", "cancel", id, "--reason", "wrong list");
	SAYS(r, "cancelled: wrong list");
	DONE(r, "touch", "list");
	SAYS(r, "no touch waits");
	DONE(r, "campaign", "show", id, "--json");
	SAYS(r, "\"result\":\"cancelled\"");
	EXPECT(r, WN_EXIT_REFUSED, "campaign", "cancel", id);
	EXPECT(r, WN_EXIT_NOT_FOUND, "campaign", "cancel", "0000000");
	EXPECT(r, WN_EXIT_INVALID, "campaign", "cancel", "x");
	SOUND(r);
}

static void a_dropped_touch_lets_the_sequence_go_on(void **state)
{
	RIG(r);
	char touch[64];
	fill(r);
	fund(r, "acme-robotics.com");
	DONE(r, "touch", "list", "--json");
	rig_pick(r, 0, "touch", touch, sizeof(touch));
	DONE(r, "touch", "show", touch);
	SAYS(r, "Subject: Acme Robotics and the Series B");
	DONE(r, "touch", "drop", touch, "--reason", "looks odd");
	SAYS(r, "touch.dropped");
	DONE(r, "touch", "list", "--all");
	SAYS(r, "dropped: looks odd");
	SAYS(r, "linkedin-task");
	EXPECT(r, WN_EXIT_REFUSED, "touch", "drop", touch);
	EXPECT(r, WN_EXIT_USAGE, "touch", "drop", "nonsense");
	SOUND(r);
}

static void a_retracted_signal_takes_its_members_with_it(void **state)
{
	RIG(r);
	char signal[64];
	fill(r);
	fund(r, "acme-robotics.com");
	DONE(r, "signal", "list", "--json");
	rig_pick(r, 0, "signal_key", signal, sizeof(signal));
	DONE(r, "signal", "retract", signal, "--reason", "a joke");
	SAYS(r, "member.left");
	DONE(r, "acme-robotics.com");
	SAYS(r, "No campaign is live");
	SAYS(r, "its evidence was retracted");
	EXPECT(r, WN_EXIT_REFUSED, "signal", "retract", signal);
	DONE(r, "signal", "list");
	SAYS(r, "no signals in that time");
	DONE(r, "signal", "show", signal);
	SAYS(r, "retracted: kept");
	SAYS(r, "because: a joke");
	SOUND(r);
}

static void an_opt_out_leaves_at_once_and_stays_out(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	DONE(r, "contact", "suppress", "Ana.Kim@acme-robotics.com", "--reason", "opt_out");
	SAYS(r, "1 member left");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.member WHERE left_why = 'opted_out'"), 1);
	DONE(r, "signal", "add", "acme-robotics.com", "acquisition", "target=Tiny Inc");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.campaign WHERE segment = 'bought'"), 0);
	EXPECT(r, WN_EXIT_USAGE, "contact", "suppress", "x@y.com", "--reason", "because");
	SOUND(r);
}

static void a_suppressed_domain_takes_the_whole_account_out(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	DONE(r, "contact", "suppress", "acme-robotics.com");
	SAYS(r, "1 member left");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.member WHERE left_why = 'suppressed'"), 1);
	SOUND(r);
}

static void suppressing_needs_the_key(void **state)
{
	RIG(r);
	fill(r);
	r->cli.have_key = false;
	unsetenv("CREDENTIALS_DIRECTORY");
	if (access("/etc/whynow/installation.key", R_OK) == 0)
		skip();
	EXPECT(r, WN_EXIT_REFUSED, "contact", "suppress", "x@y.com");
	COMPLAINS(r, "installation key");
}

static void a_flag_that_comes_late_is_an_event(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	DONE(r, "account", "import", rig_file("customers.csv", "domain,customer\nacme-robotics.com,yes\n"));
	DONE(r, "acme-robotics.com");
	SAYS(r, "does not fit the segment any more");
	SOUND(r);
}

static void a_contact_that_comes_late_opens_what_waited_for_it(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "account", "import", rig_file("late.csv", "domain\nlate.com\n"));
	fund(r, "late.com");
	DONE(r, "late.com");
	SAYS(r, "nobody there fits `who`");
	DONE(r, "contact", "import",
	     rig_file("late-contact.csv", "email,name,title\ndi@late.com,Di Sun,VP People\n"));
	DONE(r, "late.com");
	SAYS(r, "WHY NOW  funded");
	SAYS_NOT(r, "nobody there fits");
	SOUND(r);
}

/* --- segments -------------------------------------------------------------------------------- */
static void a_live_segment_asks_the_first_time_only(void **state)
{
	RIG(r);
	const char *path = rig_file("funded.yaml", segments);
	EXPECT(r, WN_EXIT_REFUSED, "segment", "apply", path);
	COMPLAINS(r, "--yes applies it");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.segment_version"), 0);
	DONE(r, "segment", "apply", path, "--set", "touches.redirect_to=me@example.com");
	SAYS(r, "one funding goes stale after 21d; that comes before the box (30d)");
	DONE(r, "segment", "apply", path);
	SAYS(r, "version 1 says the same already");
	char changed[2000];
	snprintf(changed, sizeof(changed), "%s# more\n", segments);
	DONE(r, "segment", "apply", rig_file("changed.yaml", changed));
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.segment_version"), 2);
}

static void one_bad_document_keeps_all_of_them_out(void **state)
{
	RIG(r);
	char both[4000];
	snprintf(both, sizeof(both), "%s---\nsegment: bad\nwhen: signal.kid == \"funding\"\n", proposing);
	EXPECT(r, WN_EXIT_INVALID, "segment", "apply", rig_file("both.yaml", both));
	COMPLAINS(r, "both.yaml:14:14:");
	COMPLAINS(r, "nothing was applied");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.segment_version"), 0);
	DONE(r, "segment", "list");
	SAYS(r, "no segments");
}

static void a_withdrawn_segment_opens_nothing(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "segment", "withdraw", "funded");
	fund(r, "acme-robotics.com");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.campaign"), 0);
	DONE(r, "segment", "list");
	SAYS_NOT(r, "funded");
	DONE(r, "segment", "withdraw", "funded", "--undo");
	fund(r, "beta.de");
	assert_int_equal(rig_count(r, "SELECT count(*) FROM whynow.campaign"), 1);
	EXPECT(r, WN_EXIT_NOT_FOUND, "segment", "withdraw", "fundet");
	COMPLAINS(r, "did you mean \"funded\"?");
	DONE(r, "segment", "show", "funded");
	SAYS(r, "1 campaign");
	DONE(r, "segment", "show", "funded", "--source");
	assert_non_null(strstr(r->out, "priority: 50"));
}

static void pauses_are_kept_and_named(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "pause");
	DONE(r, "pause", "--segment", "funded");
	DONE(r, "segment", "list");
	SAYS(r, "paused: touches are held");
	DONE(r, "resume", "--segment", "funded");
	COMPLAINS(r, "everything is paused still");
	DONE(r, "resume");
	EXPECT(r, WN_EXIT_NOT_FOUND, "pause", "--segment", "nope");
}

/* --- looking round --------------------------------------------------------------------------- */
static void doctor_and_status_say_what_is_wrong_without_a_daemon(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	EXPECT(r, WN_EXIT_NO, "doctor");
	SAYS(r, "BAD   daemon");
	SAYS(r, "What happens next");
	SAYS(r, "acme-robotics.com ends in funded");
	EXPECT(r, WN_EXIT_AWAY, "status");
	SAYS(r, "1 open");
	EXPECT(r, WN_EXIT_NO, "doctor", "--json");
	SAYS(r, "\"level\":\"BAD\"");
}

static void every_list_is_json_for_programs(void **state)
{
	RIG(r);
	static const char *const lists[][2] = {
	    {"campaign", "list"}, {"touch", "list"}, {"segment", "list"}, {"signal", "list"}, {"feed", "list"}};
	struct wn_arena *a = wn_arena_new(0);
	fill(r);
	fund(r, "acme-robotics.com");
	for (size_t i = 0; i < WN_COUNT(lists); i++) {
		DONE(r, lists[i][0], lists[i][1], "--json");
		assert_int_equal(rig_json(r, a).kind, WN_LIST);
	}
	DONE(r, "db", "status", "--json");
	assert_int_equal(rig_json(r, a).kind, WN_MAP);
	wn_arena_free(a);
}

static void tables_fit_a_narrow_terminal(void **state)
{
	RIG(r);
	fill(r);
	fund(r, "acme-robotics.com");
	r->cli.width = 60;
	DONE(r, "signal", "list");
	for (const char *at = r->out; *at; at += strcspn(at, "\n") + 1)
		assert_true(strcspn(at, "\n") <= 60);
}

static void text_of_strangers_is_shown_without_control_characters(void **state)
{
	RIG(r);
	fill(r);
	DONE(r, "signal", "add", "acme-robotics.com", "funding", "amount_usd=25e6", "--headline",
	     "evil \033[31mred\033[0m\u202e text");
	DONE(r, "acme-robotics.com");
	assert_null(strchr(r->out, '\033'));
	assert_null(strstr(r->out, "\u202e"));
}

/* What an instance wrote into the reference tables is read back as what the files say. */
static void the_reference_tables_read_back_as_the_files(void **state)
{
	RIG(r);
	struct wn_err err = {0};
	struct wn_cli cli = r->cli;
	cli.arena = wn_arena_new(0);
	cli.out = cli.err = stderr;
	assert_int_equal(cli_book_of_files(&cli), 0);
	assert_int_equal(cli_connect(&cli), 0);
	if (wn_book_sync(cli.book, cli.store, RIG_NOW, &err))
		fail_msg("%s", err.text);
	struct wn_cli again = r->cli;
	again.arena = wn_arena_new(0);
	again.out = again.err = stderr;
	assert_int_equal(cli_book(&again), 0);
	const struct wn_config *a = cli.book->config, *b = again.book->config;
	assert_int_equal(a->n_kinds, b->n_kinds);
	assert_int_equal(a->n_traits, b->n_traits);
	assert_int_equal(b->n_sinks, 1);
	assert_int_equal(b->n_feeds, 1);
	for (size_t i = 0; i < a->n_kinds; i++)
		assert_memory_equal(a->kinds[i].checksum, b->kinds[i].checksum, 32);
	for (size_t i = 0; i < a->n_traits; i++)
		assert_memory_equal(a->traits[i].checksum, b->traits[i].checksum, 32);
	assert_memory_equal(a->feeds[0].checksum, b->feeds[0].checksum, 32);
	assert_non_null(again.book->feeds[0].mapping);
	wn_cli_done(&cli);
	wn_cli_done(&again);
	DONE(r, "feed", "list");
	SAYS(r, "not polled yet");
	DONE(r, "feed", "show", "page-views");
	SAYS(r, "https://warehouse.example.com/events.jsonl");
	EXPECT(r, WN_EXIT_NOT_FOUND, "feed", "show", "nope");
}

static void a_schema_that_is_missing_names_the_command(void **state)
{
	RIG(r);
	char info[512];
	snprintf(info, sizeof(info), "%s dbname=postgres", rig_server);
	r->cli.database = info;
	EXPECT(r, WN_EXIT_REFUSED, "campaign", "list");
	COMPLAINS(r, "whynow db");
	EXPECT(r, WN_EXIT_NO, "db", "status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(import_reports_lines_made_changed_same_and_refused),
	    cmocka_unit_test(import_reads_numbers_as_spreadsheets_write_them),
	    cmocka_unit_test(dry_run_shows_the_guess_and_stores_nothing),
	    cmocka_unit_test(map_overrides_the_guess_and_names_what_there_is),
	    cmocka_unit_test(json_lines_are_imported_and_a_broken_line_costs_itself),
	    cmocka_unit_test(contacts_get_department_and_level_from_their_position),
	    cmocka_unit_test(a_large_import_goes_in_blocks),
	    cmocka_unit_test(a_name_that_gets_its_domain_is_merged),
	    cmocka_unit_test(a_signal_by_hand_opens_a_campaign_and_the_screen_says_why),
	    cmocka_unit_test(heat_and_times_follow_the_clock_and_the_zone),
	    cmocka_unit_test(the_same_fact_typed_twice_is_one_signal),
	    cmocka_unit_test(a_signal_that_is_none_is_refused_with_the_nearest),
	    cmocka_unit_test(an_account_that_is_not_there_is_told_with_what_there_is),
	    cmocka_unit_test(a_campaign_is_approved_once_and_shown_before),
	    cmocka_unit_test(an_approval_after_the_evidence_went_stale_is_refused),
	    cmocka_unit_test(a_cancelled_campaign_leaves_nobody_and_nothing_planned),
	    cmocka_unit_test(a_dropped_touch_lets_the_sequence_go_on),
	    cmocka_unit_test(a_retracted_signal_takes_its_members_with_it),
	    cmocka_unit_test(an_opt_out_leaves_at_once_and_stays_out),
	    cmocka_unit_test(a_suppressed_domain_takes_the_whole_account_out),
	    cmocka_unit_test(suppressing_needs_the_key),
	    cmocka_unit_test(a_flag_that_comes_late_is_an_event),
	    cmocka_unit_test(a_contact_that_comes_late_opens_what_waited_for_it),
	    cmocka_unit_test(a_live_segment_asks_the_first_time_only),
	    cmocka_unit_test(one_bad_document_keeps_all_of_them_out),
	    cmocka_unit_test(a_withdrawn_segment_opens_nothing),
	    cmocka_unit_test(pauses_are_kept_and_named),
	    cmocka_unit_test(doctor_and_status_say_what_is_wrong_without_a_daemon),
	    cmocka_unit_test(every_list_is_json_for_programs),
	    cmocka_unit_test(tables_fit_a_narrow_terminal),
	    cmocka_unit_test(text_of_strangers_is_shown_without_control_characters),
	    cmocka_unit_test(the_reference_tables_read_back_as_the_files),
	    cmocka_unit_test(a_schema_that_is_missing_names_the_command),
	};
	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}
