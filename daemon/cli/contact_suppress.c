/* SPDX-License-Identifier: MIT */
/* `contact suppress`: an address or a whole domain must not be contacted. Its members leave in the same
 * transaction. */
#include "parts.h"
#include <whynow/date.h>

struct suppress {
	struct wn_cli *cli;
	const char *what; /* "address", "domain" */
	struct wn_str text;
	const char *reason;
	int64_t until_us;
	const struct wn_id *accounts;
	size_t n_accounts;
	size_t left; /* members that left */
	bool lift;
};

static bool has_mail_at(struct wn_str email, struct wn_str domain)
{
	size_t n = email.n > domain.n ? email.n - domain.n : 0;
	return n && (email.p[n - 1] == '@' || email.p[n - 1] == '.') && memcmp(email.p + n, domain.p, domain.n) == 0;
}

static bool is_meant(const struct suppress *p, const struct wn_contact *c)
{
	return strcmp(p->what, "address") == 0 ? wn_str_eq(c->email, p->text) : has_mail_at(c->email, p->text);
}

/* What may be contacted again is put to the rules again: the account's signals that still have weight, and its people. */
static void match_again(const struct suppress *p, struct wn_world *w)
{
	for (size_t k = 0; k < w->accounts.n; k++) {
		struct wn_account *a = w->accounts.v[k];
		bool meant = strcmp(p->what, "domain") == 0 && wn_str_eq(a->domain, p->text);
		for (size_t i = 0; i < a->contacts.n; i++) {
			a->contacts.v[i]->changed |= is_meant(p, a->contacts.v[i]);
			meant |= is_meant(p, a->contacts.v[i]);
		}
		for (size_t i = 0; meant && i < a->signals.n; i++) {
			struct wn_signal *s = a->signals.v[i];
			s->arrived |= !s->retracted && !s->history && w->now_us < s->hard_stop_us;
		}
	}
}

static enum wn_rc load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct suppress *p = ctx;
	enum wn_rc rc = p->lift ? wn_store_unsuppress(s, p->what, p->text, w->now_us, err) : WN_OK;
	if (rc == WN_OK && p->n_accounts)
		rc = wn_store_load_accounts(s, w, p->accounts, p->n_accounts, WN_LOAD_ALL, err);
	if (rc == WN_OK && p->lift)
		match_again(p, w);
	return rc;
}

static enum wn_rc leave_contacts(struct suppress *p, struct wn_world *w, struct wn_account *a,
				 struct wn_err *err)
{
	enum wn_left left = strcmp(p->reason, "opt_out") == 0 ? WN_LEFT_OPTED_OUT : WN_LEFT_SUPPRESSED;
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < a->contacts.n && rc == WN_OK; i++) {
		struct wn_contact *c = a->contacts.v[i];
		if (is_meant(p, c))
			rc = wn_campaign_step(
			    w,
			    &(struct wn_event){
				.type = WN_EV_CONTACT_GONE, .account = a, .contact = c, .left = left},
			    err);
	}
	return rc;
}

static enum wn_rc step(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct suppress *p = ctx;
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < w->accounts.n && rc == WN_OK && !p->lift; i++)
		rc = !wn_str_eq(w->accounts.v[i]->domain, p->text)
			 ? leave_contacts(p, w, w->accounts.v[i], err)
			 : wn_campaign_step(w,
					    &(struct wn_event){.type = WN_EV_SUPPRESSED,
							       .account = w->accounts.v[i],
							       .left = WN_LEFT_SUPPRESSED},
					    err);
	return rc;
}

static enum wn_rc finish(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct suppress *p = ctx;
	if (p->lift)
		return WN_OK;
	return wn_store_suppress(s, p->what, p->text, p->reason, w->actor, w->now_us, p->until_us, err);
}

static void done(void *ctx, struct wn_world *w)
{
	struct suppress *p = ctx;
	for (size_t i = 0; i < w->changes.n; i++)
		p->left += strcmp(w->changes.v[i]->type, "member.left") == 0;
	cli_print_changes(p->cli, w);
}

static int read_target(struct wn_cli *cli, const char *text, struct suppress *p)
{
	struct wn_err err = {0};
	struct wn_id *ids = WN_NEW_N(cli->arena, struct wn_id, 1);
	enum wn_rc rc;
	if (strchr(text, '@')) {
		p->what = "address";
		if (!wn_email_normalise(wn_str_of(text), cli->arena, &p->text))
			return cli_error(cli, WN_EXIT_INVALID, "\"%s\" is no mail address", text);
		rc = wn_store_accounts_of_address(cli->store, p->text, cli->arena, &ids, &p->n_accounts, &err);
	} else {
		p->what = "domain";
		if (!wn_domain_registrable(wn_str_of(text), cli->arena, &p->text))
			return cli_error(cli, WN_EXIT_INVALID, "\"%s\" is neither a mail address nor a domain",
					 text);
		struct wn_id own;
		rc = wn_store_accounts_of_mail_domain(cli->store, p->text, cli->arena, &ids, &p->n_accounts, &err);
		if (rc == WN_OK)
			rc = wn_store_find_account(cli->store, p->text, &own, &err);
		if (rc == WN_OK)
			ids[p->n_accounts++] = own;
		rc = rc == WN_NOT_FOUND ? WN_OK : rc;
	}
	p->accounts = ids;
	return rc ? cli_fail(cli, rc, &err) : 0;
}

static int read_reason(struct wn_cli *cli, struct suppress *p)
{
	static const char *const reasons[] = {"opt_out", "do_not_contact", "bounce"};
	const char *said = cli_value(cli, "--reason");
	int code = 0;
	p->reason = said ? said : "do_not_contact";
	p->until_us = WN_NEVER;
	bool known = false;
	for (size_t i = 0; i < WN_COUNT(reasons); i++)
		known = known || strcmp(reasons[i], p->reason) == 0;
	if (!known)
		return cli_error(cli, WN_EXIT_USAGE,
				 "--reason is opt_out, do_not_contact or bounce, not \"%s\"", p->reason);
	const char *until = cli_value(cli, "--until");
	int64_t span;
	if (until && wn_duration_parse(wn_str_of(until), &span))
		p->until_us = cli->now_us + span;
	else
		code = cli_time_option(cli, "--until", &p->until_us);
	if (code == 0 && p->until_us <= cli->now_us)
		return cli_error(cli, WN_EXIT_INVALID, "--until lies in the past");
	return code;
}

static int lift(struct wn_cli *cli, struct suppress *p)
{
	struct wn_unit u = {.load = load, .step = step, .finish = finish, .done = done, .ctx = p};
	p->lift = true;
	int code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	cli_say(cli, "%s " WN_STR_FMT " may be contacted again", p->what, WN_STR_ARG(p->text));
	return WN_EXIT_DONE;
}

static int run(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct suppress p = {.cli = cli};
	struct wn_unit u = {.load = load, .step = step, .finish = finish, .done = done, .ctx = &p};
	int code = cli_book(cli);
	if (code == 0 && !cli->have_key) {
		cli_error(cli, WN_EXIT_REFUSED,
			  "the installation key cannot be read here: the list of suppressions is kept by it");
		cli_hint(
		    cli,
		    "run it as root, or where the credential installation-key is ($CREDENTIALS_DIRECTORY)");
		return WN_EXIT_REFUSED;
	}
	if (code == 0)
		code = read_target(cli, argv[0], &p);
	if (code == 0 && cli_flag(cli, "--lift"))
		return lift(cli, &p);
	if (code == 0)
		code = read_reason(cli, &p);
	if (code == 0)
		code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	if (cli->json) {
		struct wn_map_builder m = wn_map_begin(cli->arena);
		wn_map_set(&m, "what", wn_cstring(p.what));
		wn_map_set(&m, "reason", wn_cstring(p.reason));
		wn_map_set(&m, "members_left", wn_int((int64_t)p.left));
		cli_json(cli, wn_map_end(&m));
	}
	cli_say(cli, "%s " WN_STR_FMT " is not contacted any more%s; %zu %s left", p.what, WN_STR_ARG(p.text),
		p.until_us == WN_NEVER ? "" : wn_arena_printf(cli->arena, " until %s", cli_at(cli, p.until_us)),
		p.left, cli_plural((int64_t)p.left, "member", "members"));
	return WN_EXIT_DONE;
}

static const struct wn_cli_option options[] = {
    {"--reason", "WORD", "opt_out, do_not_contact or bounce [do_not_contact]"},
    {"--until", "TIME", "until then: 2026-12-31, or 90d [for ever]"},
    {"--lift", NULL, "end a suppression"},
    {NULL, NULL, NULL},
};
const struct wn_command command_contact_suppress = {
    .name = "contact suppress",
    .args = "ADDRESS|DOMAIN",
    .min_args = 1,
    .max_args = 1,
    .summary = "never contact an address, or anybody of a domain",
    .more = "Live members leave and their planned touches are cancelled in the same transaction. A domain holds for its "
	    "account and for everybody with mail there, at whatever account. --lift puts them to the rules again. Only a "
	    "keyed hash is kept. Needs the installation key.",
    .options = options,
    .run = run,
};
