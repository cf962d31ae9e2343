/* SPDX-License-Identifier: MIT */
/* What happens next to an account if nothing else is heard: touches, ends of intake, boxes and evidence,
 * rechecks. */
#include "account.h"
#include <stdlib.h>

enum { SHOWN = 5, SHOWN_ALL = 20 };

struct steps {
	struct wn_cli *cli;
	WN_VEC(struct next_step) v;
};

/* Members of one campaign share instants: said once. */
static void add(struct steps *s, int64_t at_us, const char *what)
{
	if (at_us == WN_NEVER || at_us == 0)
		return;
	for (size_t i = 0; i < s->v.n; i++)
		if (s->v.v[i].at_us == at_us && strcmp(s->v.v[i].what, what) == 0)
			return;
	*WN_PUSH(s->cli->arena, &s->v) = (struct next_step){at_us, what};
}

static const char *name_of(struct wn_cli *cli, struct wn_value m)
{
	const char *name = row_text(cli, m, "contact");
	return *name ? name : account_person(cli, m);
}

static void add_touches(struct steps *s, struct wn_value m)
{
	struct wn_cli *cli = s->cli;
	struct wn_value touches = row_list(m, "touches");
	for (size_t i = 0; i < touches.n; i++) {
		struct wn_value t = touches.list[i];
		const char *state = row_text(cli, t, "state");
		bool waits = strcmp(state, "planned") == 0 || strcmp(state, "deferred") == 0 ||
			     strcmp(state, "yielded") == 0;
		if (waits)
			add(s, row_us(t, "due_at"),
			    wn_arena_printf(cli->arena, "touch %lld (%s) to %s is decided",
					    (long long)row_int(t, "step"), row_text(cli, t, "channel"),
					    name_of(cli, m)));
		else if (strcmp(state, "held") == 0)
			add(s, row_us(t, "valid_until"),
			    wn_arena_printf(cli->arena, "touch %lld (%s) to %s expires if it is still held",
					    (long long)row_int(t, "step"), row_text(cli, t, "channel"),
					    name_of(cli, m)));
	}
}

static const char *then(struct wn_cli *cli, struct wn_value m)
{
	const char *nurture = row_text(cli, m, "nurture");
	bool hands_off = strcmp(row_text(cli, m, "exit"), "hand_off") == 0;
	return !hands_off ? ""
			  : wn_arena_printf(cli->arena, ", handed off%s%s", *nurture ? " to " : "", nurture);
}

static void add_member(struct steps *s, struct wn_value m)
{
	struct wn_cli *cli = s->cli;
	const char *segment = row_text(cli, m, "segment"), *state = row_text(cli, m, "campaign_state");
	int64_t stale = row_us(m, "stale_at"), box = row_us(m, "box_ends_at"),
		first = row_us(m, "first_touch_by_at");
	add_touches(s, m);
	if (strcmp(state, "proposed") == 0) {
		add(s, row_us(m, "campaign_due_at"),
		    wn_arena_printf(cli->arena, "%s: the proposal expires unless it is approved", segment));
		add(s, stale,
		    wn_arena_printf(cli->arena, "%s: the evidence of the proposal goes stale", segment));
		return;
	}
	if (strcmp(state, "open") == 0)
		add(s, row_us(m, "intake_ends_at"),
		    wn_arena_printf(cli->arena, "%s takes no new members any more", segment));
	if (row_int(m, "touches_sent") == 0)
		add(s, first,
		    wn_arena_printf(cli->arena, "%s leaves %s unless a touch was sent by then", name_of(cli, m),
				    segment));
	if (row_has(m, "blind_until"))
		add(s, row_us(m, "blind_until"),
		    wn_arena_printf(cli->arena, "%s: it leaves, however blind the feeds are", segment));
	else if (stale <= box)
		add(s, stale,
		    wn_arena_printf(cli->arena, "%s: the evidence goes stale, %s leaves%s", segment,
				    name_of(cli, m), then(cli, m)));
	if (box < stale)
		add(s, box,
		    wn_arena_printf(cli->arena, "%s: the box of %s ends%s", segment, name_of(cli, m),
				    then(cli, m)));
}

static int by_instant(const void *a, const void *b)
{
	const struct next_step *x = a, *y = b;
	return x->at_us != y->at_us ? (x->at_us < y->at_us ? -1 : 1) : strcmp(x->what, y->what);
}

size_t account_next(struct wn_cli *cli, const struct screen *s, struct next_step **out)
{
	struct steps steps = {.cli = cli};
	for (size_t i = 0; i < s->members.n; i++)
		if (strcmp(row_text(cli, s->members.v[i], "state"), "live") == 0)
			add_member(&steps, s->members.v[i]);
	for (size_t i = 0; i < s->rechecks.n; i++)
		add(&steps, row_us(s->rechecks.v[i], "due_at"),
		    wn_arena_printf(cli->arena, "%s is looked at again: time alone may make it true",
				    row_text(cli, s->rechecks.v[i], "segment")));
	if (steps.v.n)
		qsort(steps.v.v, steps.v.n, sizeof(*steps.v.v), by_instant);
	*out = steps.v.v;
	return steps.v.n;
}

void account_print_next(struct wn_cli *cli, const struct screen *s)
{
	struct next_step *steps;
	size_t n = account_next(cli, s, &steps), most = s->detail ? SHOWN_ALL : SHOWN;
	if (n)
		fprintf(cli->out, "\n%sNEXT%s\n", cli->terminal ? "\033[1m" : "",
			cli->terminal ? "\033[0m" : "");
	for (size_t i = 0; i < n && i < most; i++)
		cli_hang(cli, 2, steps[i].at_us <= cli->now_us ? "now" : cli_when(cli, steps[i].at_us), 30,
			 steps[i].what);
	if (n > most)
		fprintf(cli->out, "  and %zu more; `whynow why` has them all\n", n - most);
}
