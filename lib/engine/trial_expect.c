/* SPDX-License-Identifier: MIT */
/* What a test expected against what happened, and the reason in words: the first clause that was false or unknown for the
 * signal that came nearest. */
#include "trial.h"

#include <whynow/date.h>
#include <whynow/explain.h>

/* --- why nothing opened -------------------------------------------------------------------------------- */
void trial_note_verdict(struct trial *t, struct wn_signal *sig)
{
	size_t n, at = 0;
	if (t->world.campaigns.n)
		return;
	const struct wn_clause *clauses = wn_explain_program(&t->world, wn_segment_when(&t->segment), &t->account, sig, NULL, &n);
	while (at < n && clauses[at].is == WN_TRUE3)
		at++;
	if (at == n || (int)at <= t->clause_rank)
		return;
	t->clause_rank = (int)at;
	t->clause_signal = sig;
	t->clause = &clauses[at];
}

static const struct wn_non_action *refused(const struct trial *t)
{
	for (size_t i = 0; i < t->account.non_actions.n; i++)
		if (wn_str_is(t->account.non_actions.v[i]->segment, t->segment.name))
			return t->account.non_actions.v[i];
	return NULL;
}

static void say_age(struct wn_buf *b, const struct trial *t, const struct wn_signal *s)
{
	char age[40];
	wn_duration_to_text(s->stored_us - s->occurred_us, age);
	wn_buf_printf(b, "signal %s (age %s)", wn_registry_kind(t->catalog.registry, s->kind)->name, age);
}

static void say_reading(struct wn_buf *b, const struct wn_reading *r, bool first)
{
	wn_buf_text(b, first ? ": " : ", ");
	wn_buf_str(b, r->text);
	if (r->value.kind == WN_ABSENT) {
		wn_buf_text(b, " is not known");
		return;
	}
	wn_buf_text(b, " is ");
	wn_json_write(b, r->value);
	wn_buf_text(b, r->assumed ? " (assumed)" : "");
}

static void say_why_not(struct wn_buf *b, const struct trial *t)
{
	const struct wn_non_action *na = refused(t);
	if (na && na->reason != WN_NON_ACTION_UNKNOWN) {
		wn_buf_printf(b, "the rule was true, and nothing opened: %s", wn_non_action_to_text(na->reason));
		if (na->detail.n)
			wn_buf_printf(b, " (" WN_STR_FMT ")", WN_STR_ARG(na->detail));
		return;
	}
	if (!t->clause_signal) {
		wn_buf_text(b, "no signal came that is not past its hard stop");
		return;
	}
	wn_buf_text(b, "for ");
	say_age(b, t, t->clause_signal);
	bool unknown = t->clause->is == WN_UNKNOWN3;
	wn_buf_printf(b, " `" WN_STR_FMT "` is %s", WN_STR_ARG(t->clause->text), unknown ? "unknown" : "false");
	if (unknown && !t->clause->n_readings)
		wn_buf_printf(b, ": " WN_STR_FMT, WN_STR_ARG(t->clause->error));
	for (size_t i = 0; i < t->clause->n_readings; i++)
		say_reading(b, &t->clause->readings[i], i == 0);
}

/* --- judging ------------------------------------------------------------------------------------------- */
struct judge {
	struct trial *t;
	const char *file;
	struct wn_buf text;
};

static void fail_at(struct judge *j, struct wn_place at)
{
	wn_buf_printf(&j->text, "%s%s:%d:%d: test \"%s\": ", j->text.n ? "\n" : "", j->file ? j->file : "", at.line, at.column,
		      j->t->test->name);
}

static const struct wn_campaign *first_campaign(const struct trial *t)
{
	return t->world.campaigns.n ? t->world.campaigns.v[0] : NULL;
}

static const char *duration(struct judge *j, int64_t us)
{
	char *text = wn_arena_alloc(j->t->arena, 40);
	wn_duration_to_text(us - us % WN_SECOND, text);
	return text;
}

static bool is_meant(const struct test_want *w, int64_t us)
{
	int64_t off = us > w->number ? us - w->number : w->number - us;
	return 2 * off <= w->unit_us;
}

static void judge_opening(struct judge *j)
{
	const struct segment_test *test = j->t->test;
	const struct wn_campaign *c = first_campaign(j->t);
	if (test->opens.at.line && (test->opens.number != 0) != (c != NULL)) {
		fail_at(j, test->opens.at);
		if (c) {
			wn_buf_printf(&j->text, "expected that nothing opens; a campaign opened after %s",
				      duration(j, c->opened_us - TRIAL_START));
			return;
		}
		wn_buf_text(&j->text, "expected a campaign; ");
		say_why_not(&j->text, j->t);
	}
	if (c && test->opens_after.at.line && !is_meant(&test->opens_after, c->opened_us - TRIAL_START)) {
		fail_at(j, test->opens_after.at);
		wn_buf_printf(&j->text, "expected to open after %s; it opened after %s", duration(j, test->opens_after.number),
			      duration(j, c->opened_us - TRIAL_START));
	}
	if (test->proposed.at.line && (test->proposed.number != 0) != j->t->proposed) {
		fail_at(j, test->proposed.at);
		wn_buf_printf(&j->text, "expected that it %s", j->t->proposed ? "opens by itself; it was proposed" : "is proposed; it was not");
	}
}

static void judge_because(struct judge *j)
{
	const struct test_want *w = &j->t->test->because;
	const struct wn_non_action *na = refused(j->t);
	const char *is = first_campaign(j->t) && !na ? "it opened" : na ? wn_non_action_to_text(na->reason) : "not_true";
	if (!w->at.line || wn_str_is(w->text, is))
		return;
	fail_at(j, w->at);
	wn_buf_printf(&j->text, "expected the reason " WN_STR_FMT ", it is %s", WN_STR_ARG(w->text), is);
	if (!first_campaign(j->t)) {
		wn_buf_text(&j->text, "; ");
		say_why_not(&j->text, j->t);
	}
}

static void judge_count(struct judge *j, const struct test_want *w, const char *what, size_t n)
{
	if (!w->at.line || w->number == (int64_t)n)
		return;
	fail_at(j, w->at);
	wn_buf_printf(&j->text, "expected %lld %s, found %zu", (long long)w->number, what, n);
	if (!first_campaign(j->t)) {
		wn_buf_text(&j->text, "; ");
		say_why_not(&j->text, j->t);
	}
}

static void judge_closing(struct judge *j)
{
	const struct segment_test *test = j->t->test;
	const struct wn_campaign *c = first_campaign(j->t);
	bool closed = c && c->state == WN_CAMPAIGN_CLOSED;
	const char *result = closed ? wn_result_to_text(c->result) : c ? "nothing: it is still open" : "nothing: no campaign opened";
	if (test->closes.at.line && !(closed && wn_str_is(test->closes.text, result))) {
		fail_at(j, test->closes.at);
		wn_buf_printf(&j->text, "expected to close " WN_STR_FMT ", found %s", WN_STR_ARG(test->closes.text), result);
	}
	int64_t after = closed ? c->closed_us - c->opened_us : 0;
	if (test->closes_after.at.line && !(closed && is_meant(&test->closes_after, after))) {
		fail_at(j, test->closes_after.at);
		wn_buf_printf(&j->text, "expected to close %s after its opening; ", duration(j, test->closes_after.number));
		if (closed)
			wn_buf_printf(&j->text, "it closed (%s%s%s) after %s", result, c->result == WN_RESULT_EMPTIED ? ": " : "",
				      c->result == WN_RESULT_EMPTIED ? wn_left_to_text(c->last_left) : "", duration(j, after));
		else if (c)
			wn_buf_text(&j->text, "it is still open");
		else
			say_why_not(&j->text, j->t);
	}
}

static void judge_left(struct judge *j)
{
	const struct test_want *w = &j->t->test->left;
	if (!w->at.line)
		return;
	for (size_t i = 0; i < j->t->account.members.n; i++)
		if (wn_str_is(w->text, wn_left_to_text(j->t->account.members.v[i]->left)))
			return;
	fail_at(j, w->at);
	wn_buf_printf(&j->text, "expected a member that left " WN_STR_FMT "; ", WN_STR_ARG(w->text));
	if (j->t->account.members.n)
		wn_buf_printf(&j->text, "the first left %s", wn_left_to_text(j->t->account.members.v[0]->left));
	else
		say_why_not(&j->text, j->t);
}

/* --- touches ------------------------------------------------------------------------------------------- */
static const struct wn_touch *find_touch(const struct trial *t, const struct test_touch *want)
{
	for (size_t i = 0; i < t->account.members.n; i++) {
		const struct wn_member *m = t->account.members.v[i];
		size_t number = (size_t)want->contact.number;
		if (number && (number > t->account.contacts.n || !wn_id_eq(m->contact_id, t->account.contacts.v[number - 1]->id)))
			continue;
		for (size_t k = 0; k < m->touches.n; k++)
			if (m->touches.v[k]->step + 1 == want->step.number)
				return m->touches.v[k];
	}
	return NULL;
}

static const struct trial_sent *find_sent(const struct trial *t, const struct wn_touch *touch)
{
	for (size_t i = 0; i < t->sent.n; i++)
		if (t->sent.v[i].touch == touch)
			return &t->sent.v[i];
	return NULL;
}

static void judge_text(struct judge *j, const struct test_want *w, const char *what, struct wn_str is, bool within)
{
	if (!w->at.line || (within ? memmem(is.p ? is.p : "", is.n, w->text.p, w->text.n) != NULL : wn_str_eq(w->text, is)))
		return;
	fail_at(j, w->at);
	wn_buf_printf(&j->text, "expected %s %s\"" WN_STR_FMT "\", found \"" WN_STR_FMT "\"", what, within ? "with " : "",
		      WN_STR_ARG(w->text), WN_STR_ARG(is));
}

static void judge_touch(struct judge *j, const struct test_touch *want)
{
	struct trial *t = j->t;
	const struct wn_touch *touch = find_touch(t, want);
	if (!touch) {
		fail_at(j, want->at);
		wn_buf_printf(&j->text, "step %lld was never planned%s", (long long)want->step.number, t->world.campaigns.n ? "" : "; ");
		if (!t->world.campaigns.n)
			say_why_not(&j->text, t);
		return;
	}
	const struct trial_sent *sent = find_sent(t, touch);
	struct test_want state = want->state;
	if (!state.at.line)
		state = (struct test_want){.at = want->at, .text = WN_STR("sent")};
	struct wn_str is = wn_str_of(wn_touch_state_to_text(touch->state));
	if (touch->reason.n && !wn_str_eq(is, state.text))
		is = wn_str_of(wn_arena_printf(t->arena, WN_STR_FMT " (" WN_STR_FMT ")", WN_STR_ARG(is), WN_STR_ARG(touch->reason)));
	judge_text(j, &state, "state", is, false);
	judge_text(j, &want->reason, "reason", touch->reason, true);
	judge_text(j, &want->channel, "channel", touch->channel, false);
	if (state.text.n == 4 && !sent)
		return; /* said already */
	judge_text(j, &want->variant, "variant", sent ? sent->variant : (struct wn_str){NULL, 0}, false);
	judge_text(j, &want->subject, "subject", sent ? sent->subject : (struct wn_str){NULL, 0}, true);
	judge_text(j, &want->body, "body", sent ? sent->text : (struct wn_str){NULL, 0}, true);
	int64_t after = touch->sent_us - touch->member->campaign->opened_us;
	if (want->after.at.line && !(sent && is_meant(&want->after, after))) {
		fail_at(j, want->after.at);
		wn_buf_printf(&j->text, "expected %s after the opening, found %s", duration(j, want->after.number),
			      sent ? duration(j, after) : "that it was never sent");
	}
}

const char *trial_judge(struct trial *t, const char *file, struct wn_arena *a)
{
	struct judge j = {.t = t, .file = file};
	const struct segment_test *test = t->test;
	const struct wn_campaign *c = first_campaign(t);
	wn_buf_init(&j.text, 64u << 10);
	judge_opening(&j);
	judge_because(&j);
	judge_count(&j, &test->members, "members", c ? (size_t)c->members : 0);
	judge_closing(&j);
	judge_left(&j);
	judge_count(&j, &test->sent, "touches sent", t->sent.n);
	for (size_t i = 0; i < test->touches.n; i++)
		judge_touch(&j, &test->touches.v[i]);
	const char *text = j.text.n ? wn_arena_strdup(a, wn_buf_slice(&j.text)) : NULL;
	wn_buf_done(&j.text);
	return text;
}
