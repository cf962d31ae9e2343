/* SPDX-License-Identifier: MIT */
/*
 * `contact forget`: a person on request. Members leave (erased); the row, what was written to it, its traits and their changes, names in
 * signals, quotes, events and the inbox go; a keyed hash stays, so that no feed and no import brings the person back.
 */
#include "parts.h"

struct forget {
	struct wn_cli *cli;
	struct wn_str email;        /* empty: known by name alone */
	struct wn_id contact;       /* of a person without address */
	struct wn_id *accounts;
	size_t n_accounts;
	size_t left, signals, persons;
	WN_VEC(struct wn_forget) found; /* of the attempt */
};

static enum wn_rc load(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct forget *f = ctx;
	f->found.n = f->signals = f->persons = 0;
	f->found.v = NULL;
	return wn_store_load_accounts(s, w, f->accounts, f->n_accounts, WN_LOAD_ALL, err);
}

static bool is_meant(const struct forget *f, const struct wn_contact *c)
{
	return f->email.n ? wn_str_eq(c->email, f->email) : wn_id_eq(c->id, f->contact);
}

static bool speaks_of(struct wn_world *w, const struct wn_signal *s, const struct wn_contact *c)
{
	struct wn_str person = wn_value_str(wn_value_get(s->attrs, WN_STR("person")));
	if (wn_id_eq(s->contact_id, c->id))
		return true;
	return person.n && c->name.n && wn_str_eq(wn_person_normalise(person, w->arena), wn_person_normalise(c->name, w->arena));
}

static void blank_signals(struct forget *f, struct wn_world *w, struct wn_account *a, const struct wn_contact *c, struct wn_forget *out)
{
	out->signals = WN_NEW_N(w->arena, struct wn_id, a->signals.n + 1);
	for (size_t i = 0; i < a->signals.n; i++)
		if (speaks_of(w, a->signals.v[i], c)) {
			out->signals[out->n_signals++] = a->signals.v[i]->key;
			wn_signal_blank(w, a->signals.v[i], c->name);
		}
	f->signals += out->n_signals;
}

static void blank_touches(struct wn_account *a, const struct wn_contact *c)
{
	for (size_t i = 0; i < a->members.n; i++)
		for (size_t k = 0; wn_id_eq(a->members.v[i]->contact_id, c->id) && k < a->members.v[i]->touches.n; k++) {
			struct wn_touch *t = a->members.v[i]->touches.v[k];
			t->subject = t->text = (struct wn_str){NULL, 0};
			t->dirty = true;
		}
}

static enum wn_rc erase(struct forget *f, struct wn_world *w, struct wn_account *a, struct wn_contact *c, struct wn_err *err)
{
	struct wn_forget out = {.account_id = a->id, .contact_id = c->id, .email = c->email, .name = c->name};
	enum wn_rc rc = wn_campaign_step(w, &(struct wn_event){.type = WN_EV_CONTACT_GONE, .account = a, .contact = c, .left = WN_LEFT_ERASED}, err);
	if (rc)
		return rc;
	blank_signals(f, w, a, c, &out);
	blank_touches(a, c);
	*WN_PUSH(w->arena, &f->found) = out;
	c->email = c->name = c->position = c->department = c->time_zone = (struct wn_str){NULL, 0};
	c->level = 0;
	c->traits = wn_map(NULL, 0);
	c->erased = c->dirty = true;
	f->persons++;
	return WN_OK;
}

/* The same person under the same name without an address: a signal named it before we knew more. */
static bool is_shadow_of(struct wn_world *w, const struct wn_contact *c, struct wn_str name)
{
	return !c->erased && !c->email.n && name.n && c->name.n && wn_str_eq(wn_person_normalise(c->name, w->arena), wn_person_normalise(name, w->arena));
}

static enum wn_rc erase_at(struct forget *f, struct wn_world *w, struct wn_account *a, struct wn_err *err)
{
	struct wn_str name = {NULL, 0};
	enum wn_rc rc = WN_OK;
	for (size_t k = 0; k < a->contacts.n && rc == WN_OK; k++) {
		struct wn_contact *c = a->contacts.v[k];
		if (c->erased || !is_meant(f, c))
			continue;
		name = c->name;
		rc = erase(f, w, a, c, err);
	}
	for (size_t k = 0; k < a->contacts.n && rc == WN_OK; k++)
		if (is_shadow_of(w, a->contacts.v[k], name))
			rc = erase(f, w, a, a->contacts.v[k], err);
	return rc;
}

static enum wn_rc step(void *ctx, struct wn_store *s WN_UNUSED, struct wn_world *w, struct wn_err *err)
{
	struct forget *f = ctx;
	enum wn_rc rc = WN_OK;
	for (size_t i = 0; i < w->accounts.n && rc == WN_OK; i++)
		rc = erase_at(f, w, w->accounts.v[i], err);
	return rc;
}

static enum wn_rc finish(void *ctx, struct wn_store *s, struct wn_world *w, struct wn_err *err)
{
	struct forget *f = ctx;
	enum wn_rc rc = f->email.n ? wn_store_suppress(s, "address", f->email, "erased", w->actor, w->now_us, WN_NEVER, err) : WN_OK;
	for (size_t i = 0; i < f->found.n && rc == WN_OK; i++) {
		const struct wn_forget *x = &f->found.v[i];
		if (x->name.n)
			rc = wn_store_suppress(s, "person", wn_store_person(w->arena, x->account_id, x->name), "erased", w->actor, w->now_us, WN_NEVER, err);
		if (rc == WN_OK)
			rc = wn_store_forget(s, x, w->arena, err);
	}
	return rc;
}

static void done(void *ctx, struct wn_world *w)
{
	struct forget *f = ctx;
	for (size_t i = 0; i < w->changes.n; i++)
		f->left += strcmp(w->changes.v[i]->type, "member.left") == 0;
	cli_print_changes(f->cli, w);
}

static int find(struct wn_cli *cli, const char *text, struct forget *f)
{
	struct wn_err err = {0};
	struct wn_ref_id ref;
	enum wn_rc rc;
	if (strchr(text, '@')) {
		if (!wn_email_normalise(wn_str_of(text), cli->arena, &f->email))
			return cli_error(cli, WN_EXIT_INVALID, "\"%s\" is no mail address", text);
		rc = wn_store_accounts_of_address(cli->store, f->email, cli->arena, &f->accounts, &f->n_accounts, &err);
		return rc ? cli_fail(cli, rc, &err) : 0;
	}
	rc = wn_store_find_contact(cli->store, wn_str_of(text), &ref, &err);
	if (rc)
		return cli_fail(cli, rc, &err);
	f->contact = ref.id;
	f->accounts = WN_NEW_N(cli->arena, struct wn_id, 1);
	f->accounts[0] = ref.account_id;
	f->n_accounts = 1;
	return 0;
}

static int run(struct wn_cli *cli, int argc WN_UNUSED, char **argv)
{
	struct forget f = {.cli = cli};
	struct wn_unit u = {.load = load, .step = step, .finish = finish, .done = done, .ctx = &f};
	int code = cli_book(cli);
	if (code == 0 && !cli->have_key) {
		cli_error(cli, WN_EXIT_REFUSED, "the installation key cannot be read here: who was forgotten is kept by it");
		cli_hint(cli, "run it as root, or where the credential installation-key is ($CREDENTIALS_DIRECTORY)");
		return WN_EXIT_REFUSED;
	}
	if (code == 0)
		code = find(cli, argv[0], &f);
	if (code == 0 && cli->terminal && !cli_ask(cli, "Forget %s? This cannot be undone.", argv[0]))
		return cli_error(cli, WN_EXIT_REFUSED, "nobody was forgotten; --yes answers the question");
	if (code == 0)
		code = cli_unit(cli, &u);
	if (code)
		return code;
	cli_nudge(cli);
	cli_say(cli, "forgotten: %zu %s, %zu %s left, the name taken out of %zu %s; feeds and imports cannot bring the person back", f.persons,
		cli_plural((int64_t)f.persons, "entry", "entries"), f.left, cli_plural((int64_t)f.left, "member", "members"), f.signals,
		cli_plural((int64_t)f.signals, "signal", "signals"));
	return WN_EXIT_DONE;
}

const struct wn_command command_contact_forget = {
    .name = "contact forget",
    .args = "ADDRESS|ID",
    .min_args = 1,
    .max_args = 1,
    .summary = "erase a person everywhere, on request",
    .more = "Members leave (erased); address, name, position, traits and their history, what was written to the person, and the name in "
	    "signals, quotes and events are deleted. A keyed hash stays, so that no feed and no import brings the person back. An address that is "
	    "not known yet is refused from now on. Counts and reviews stay. Needs the installation key, and the role whynow_privacy.",
    .run = run,
};
