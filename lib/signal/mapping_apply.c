/* SPDX-License-Identifier: MIT */
/*
 * One item through a mapping: at most one sighting, or the reason why not. What is not there is missing, what
 * is there and wrong rejects the item; nothing is guessed and nothing is dropped in silence.
 */
#include "mapping.h"
#include <whynow/text.h>

#include <stdio.h>

/* One application. */
struct run {
	const struct wn_mapping *m;
	struct wn_value item, doc;
	int64_t now_us;
	struct wn_arena *arena;
	struct wn_err *err;
};

enum got { MISSING, GOT, FAILED };

static bool get_variable(void *ctx, int var, struct wn_value *out)
{
	const struct run *r = ctx;

	switch ((enum wn_mapping_variable)var) {
	case WN_MV_ITEM:
		*out = r->item;
		break;
	case WN_MV_DOC:
		*out = r->doc;
		break;
	case WN_MV_FEED:
		*out = r->m->feed_value;
		break;
	case WN_MV_NOW:
		*out = wn_time_us(r->now_us);
		break;
	default:
		return false;
	}
	return out->kind != WN_ABSENT;
}

/* Errors that say that something is not there; how they begin, since what follows may be the item's own text.
 */
static bool says_missing(const char *error)
{
	static const char *const beginnings[] = {"no such key", "no such value", "index out of range",
						 "a value of this kind has no fields: null_type",
						 "optional.none"};

	for (size_t i = 0; i < WN_COUNT(beginnings); i++)
		if (strncmp(error, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

static bool is_empty(struct wn_value v)
{
	return v.kind == WN_ABSENT || v.kind == WN_NULL ||
	       (v.kind == WN_STRING && wn_text_trim(wn_value_str(v)).n == 0);
}

static enum got evaluate(const struct run *r, const struct cel_program *p, const char *name,
			 struct wn_value *out)
{
	struct cel_activation act = {
	    .get = get_variable, .ctx = (void *)r, .host = (void *)r->m, .now_us = r->now_us};
	struct cel_result res;

	if (!p)
		return MISSING;
	enum wn_rc rc = cel_eval(p, &act, r->arena, &res, r->err);
	if (rc) {
		wn_fail_more(r->err, rc, "%s", name);
		return FAILED;
	}
	if (res.unknown && says_missing(res.error))
		return MISSING;
	if (res.unknown) {
		wn_fail(r->err, WN_INVALID, "%s: %s", name, res.error);
		return FAILED;
	}
	if (res.value.kind == WN_OPTIONAL)
		res.value = res.value.n ? res.value.list[0] : (struct wn_value){0};
	if (is_empty(res.value))
		return MISSING;
	*out = res.value;
	return GOT;
}

static enum got coerced(const struct run *r, const struct cel_program *p, const char *name,
			enum wn_attr_type type, const char *const *enum_values, struct wn_value *out)
{
	struct wn_value v;
	enum got got = evaluate(r, p, name, &v);

	if (got != GOT)
		return got;
	enum wn_rc rc = wn_attr_coerce(type, enum_values, v, r->arena, out, r->err);
	if (rc) {
		wn_fail_more(r->err, rc, "%s", name);
		return FAILED;
	}
	return out->kind == WN_ABSENT ? MISSING : GOT;
}

/* A text of the mapping as one line; *out keeps what it has if it is missing. */
static bool text_of(const struct run *r, enum wn_mapping_text slot, size_t max_chars, struct wn_str *out)
{
	struct wn_value v;

	switch (evaluate(r, r->m->programs[slot], wn_mapping_text_names[slot], &v)) {
	case FAILED:
		return false;
	case MISSING:
		break;
	case GOT:
		if (v.kind == WN_INT)
			v = wn_cstring(wn_arena_printf(r->arena, "%lld", (long long)v.i));
		if (v.kind != WN_STRING) {
			wn_fail(r->err, WN_INVALID, "%s: expected text, found a value of type %s",
				wn_mapping_text_names[slot], wn_kind_to_text(v.kind));
			return false;
		}
		*out = wn_text_one_line(wn_text_repair(wn_value_str(v), WN_TEXT_FIELD_MAX, r->arena), max_chars,
					r->arena);
	}
	return true;
}

static bool time_of(const struct run *r, enum wn_mapping_text slot, int64_t *out_us)
{
	struct wn_value v;
	enum got got =
	    coerced(r, r->m->programs[slot], wn_mapping_text_names[slot], WN_ATTR_TIMESTAMP, NULL, &v);

	if (got == GOT)
		*out_us = wn_value_us(v);
	return got != FAILED;
}

/* --- the steps ---------------------------------------------------------------------------------------- */

/* A link that a person may follow; everything else is no link. */
static struct wn_str checked_url(struct wn_str url)
{
	bool http = (url.n > 7 && strncasecmp(url.p, "http://", 7) == 0) ||
		    (url.n > 8 && strncasecmp(url.p, "https://", 8) == 0);

	if (!http || url.n > WN_URL_MAX)
		return WN_STR("");
	for (size_t i = 0; i < url.n; i++)
		if ((uint8_t)url.p[i] <= ' ' || url.p[i] == 0x7f)
			return WN_STR("");
	return url;
}

static bool fill_identity(const struct run *r, struct wn_str identity, struct wn_sighting *s)
{
	struct wn_str id = identity;

	if (r->m->programs[WN_MT_ID]) {
		id = WN_STR("");
		if (!text_of(r, WN_MT_ID, WN_TEXT_FIELD_MAX, &id))
			return false;
	}
	if (id.n == 0) {
		wn_fail(r->err, WN_INVALID, "%s: the item has no identity",
			r->m->texts[WN_MT_ID].text.p ? "id" : "item");
		return false;
	}
	s->feed = r->m->feed;
	s->item = wn_text_repair(id, WN_URL_MAX, r->arena);
	s->key = wn_sighting_key(s->feed, id, s->place);
	return true;
}

static bool fill_texts(const struct run *r, struct wn_str headline, struct wn_str url, struct wn_sighting *s)
{
	struct wn_str source = WN_STR("");

	s->span = WN_STR("");
	s->headline =
	    wn_text_one_line(wn_text_repair(headline, WN_TEXT_FIELD_MAX, r->arena), WN_HEADLINE_MAX, r->arena);
	s->url = wn_text_repair(url, WN_URL_MAX + 1, r->arena);
	if (!text_of(r, WN_MT_HEADLINE, WN_HEADLINE_MAX, &s->headline) ||
	    !text_of(r, WN_MT_URL, WN_URL_MAX + 1, &s->url) || !text_of(r, WN_MT_SOURCE, WN_URL_MAX, &source))
		return false;
	s->url = checked_url(s->url);
	if (!wn_domain_registrable(source, r->arena, &s->source_named))
		s->source_named = WN_STR("");
	s->publisher = r->m->publisher;
	if (s->publisher.n == 0 && !wn_domain_registrable(s->url, r->arena, &s->publisher))
		s->publisher = WN_STR("");
	return true;
}

static bool fill_times(const struct run *r, int64_t published_us, struct wn_sighting *s)
{
	int64_t occurred = 0;

	s->observed_us = r->now_us;
	s->published_us = published_us;
	if (!time_of(r, WN_MT_PUBLISHED_AT, &s->published_us) || !time_of(r, WN_MT_OCCURRED_AT, &occurred))
		return false;
	if (s->published_us > r->now_us)
		s->published_us = r->now_us;
	s->occurred_us = occurred ? occurred : s->published_us ? s->published_us : r->now_us;
	if (s->occurred_us > r->now_us)
		s->occurred_us = r->now_us;
	if (r->m->max_age_us > 0 && s->occurred_us < r->now_us - r->m->max_age_us) {
		wn_fail(r->err, WN_REFUSED, "signal.occurred_at: older than the feed's max_age");
		return false;
	}
	return true;
}

static bool fill_values(const struct run *r, const struct wn_mapping_value *from, size_t n, const char *what,
			struct wn_map_builder *to)
{
	for (size_t i = 0; i < n; i++) {
		struct wn_value v;
		char name[100];
		snprintf(name, sizeof(name), "%s.%s", what, from[i].name);
		enum got got = coerced(r, from[i].program, name, from[i].type, from[i].enum_values, &v);
		if (got == FAILED)
			return false;
		if (got == GOT)
			wn_map_set(to, from[i].name, v);
	}
	return true;
}

/* Department and level of the signal, where the kind has them and the mapping did not give them. */
static void fill_from_position(const struct run *r, struct wn_map_builder *attrs)
{
	const struct wn_attr_def *department =
	    wn_registry_attr_of_kind(r->m->registry, r->m->kind, WN_STR("department"));
	const struct wn_attr_def *level = wn_registry_attr_of_kind(r->m->registry, r->m->kind, WN_STR("level"));
	struct wn_value have = wn_map_end(attrs), v, position = wn_value_at(have, "position");

	if (position.kind != WN_STRING || (!department && !level))
		return;
	struct wn_position p = wn_positions_look(r->m->positions, wn_value_str(position), r->arena);
	if (department && p.department && wn_value_at(have, "department").kind == WN_ABSENT &&
	    !wn_attr_coerce(department->type, department->enum_values, wn_cstring(p.department), r->arena, &v,
			    NULL))
		wn_map_set(attrs, "department", v);
	if (level && p.level && wn_value_at(have, "level").kind == WN_ABSENT &&
	    !wn_attr_coerce(level->type, level->enum_values, wn_int(p.level), r->arena, &v, NULL))
		wn_map_set(attrs, "level", v);
}

static bool fill_signal(const struct run *r, struct wn_sighting *s)
{
	const struct wn_kind_def *k = wn_registry_kind(r->m->registry, r->m->kind);
	struct wn_map_builder attrs = wn_map_begin(r->arena), traits = wn_map_begin(r->arena);

	s->kind = r->m->kind;
	s->strength = r->m->strength * (k ? k->strength : 1);
	if (!fill_values(r, r->m->attrs.v, r->m->attrs.n, "signal", &attrs) ||
	    !fill_values(r, r->m->traits.v, r->m->traits.n, "account.traits", &traits))
		return false;
	if (k)
		fill_from_position(r, &attrs);
	s->attrs = wn_map_end(&attrs);
	s->traits = traits.e.n ? wn_map_end(&traits) : (struct wn_value){0};
	if (!k && !traits.e.n) {
		wn_fail(r->err, WN_INVALID, "account.traits: the item gives no trait");
		return false;
	}
	return true;
}

/* A domain that may be a company's own. */
static bool own_domain(struct wn_str text, struct wn_arena *a, struct wn_str *out)
{
	struct wn_str d;

	if (text.n == 0 || !wn_domain_registrable(text, a, &d) || wn_domain_is_shared(d))
		return false;
	*out = d;
	return true;
}

static bool fill_account(const struct run *r, struct wn_account_hint *h)
{
	struct wn_str domain = WN_STR(""), email = WN_STR("");

	h->domain = r->m->account_domain.n ? r->m->account_domain : WN_STR("");
	h->name = h->email = h->name_key = WN_STR("");
	if (!text_of(r, WN_MT_ACCOUNT_NAME, WN_NAME_MAX, &h->name) ||
	    !text_of(r, WN_MT_DOMAIN_FROM, WN_URL_MAX, &domain) ||
	    !text_of(r, WN_MT_EMAIL_FROM, WN_URL_MAX, &email))
		return false;
	if (h->name.n)
		h->name_key = wn_name_normalise(h->name, r->arena);
	if (!wn_email_normalise(email, r->arena, &h->email))
		h->email = WN_STR("");
	if (!h->domain.n && !own_domain(domain, r->arena, &h->domain))
		own_domain(h->email, r->arena, &h->domain);
	if (h->domain.n || h->name_key.n || h->email.n)
		return true;
	wn_fail(r->err, WN_INVALID,
		"account: the item names no company: no domain of its own, no name, no address");
	return false;
}

/* What the contact is, if that can be said: a person whose own news this is (a hire) is what the signal says, anybody else what the
 * position says. The department of an opening is not that of the person who is asked about it. */
static void fill_office(const struct run *r, const struct wn_sighting *s, bool own_news, struct wn_contact_hint *h)
{
	struct wn_value department = wn_value_at(s->attrs, "department"), level = wn_value_at(s->attrs, "level");
	struct wn_position p = {NULL, 0};

	if (h->position.n)
		p = wn_positions_look(r->m->positions, h->position, r->arena);
	h->department = own_news && department.kind == WN_STRING ? wn_value_str(department) : wn_str_of(p.department);
	h->level = own_news && level.kind == WN_INT ? (int)level.i : p.level;
}

static bool fill_contact(const struct run *r, const struct wn_sighting *s, struct wn_contact_hint *h)
{
	struct wn_str email = WN_STR(""), person = wn_value_str(wn_value_at(s->attrs, "person"));

	h->name = h->email = h->position = WN_STR("");
	if (!text_of(r, WN_MT_CONTACT_NAME, WN_NAME_MAX, &h->name) ||
	    !text_of(r, WN_MT_CONTACT_EMAIL, WN_URL_MAX, &email) ||
	    !text_of(r, WN_MT_CONTACT_POSITION, WN_NAME_MAX, &h->position))
		return false;
	if (!wn_email_normalise(email, r->arena, &h->email))
		h->email = WN_STR("");
	if (!h->name.n)
		h->name = wn_text_one_line(person, WN_NAME_MAX, r->arena);
	bool own_news = person.n && wn_str_eq(wn_person_normalise(person, r->arena), wn_person_normalise(h->name, r->arena));
	struct wn_str position = own_news ? wn_value_str(wn_value_at(s->attrs, "position")) : WN_STR("");
	if (!h->position.n && position.n)
		h->position = wn_text_one_line(position, WN_NAME_MAX, r->arena);
	fill_office(r, s, own_news, h);
	return true;
}

/* --- the whole ---------------------------------------------------------------------------------------- */

/* Filtered unless `where` is definitely true; an unknown `where` says why. */
static bool passes(const struct run *r)
{
	struct wn_value v;
	const struct cel_program *p = r->m->programs[WN_MT_WHERE];

	if (!p)
		return true;
	struct wn_err err = {0};
	struct run quiet = *r;
	quiet.err = &err;
	enum got got = evaluate(&quiet, p, "where", &v);
	if (r->err)
		*r->err = (struct wn_err){0};
	if (got == GOT)
		return v.kind == WN_BOOL && v.b;
	wn_fail(r->err, WN_INVALID, "%s", got == FAILED ? err.text : "where: something it reads is missing");
	return false;
}

enum wn_mapped wn_mapping_apply(struct wn_mapping *m, struct wn_value item, struct wn_value doc,
				struct wn_str identity, int64_t published_us, struct wn_str headline,
				struct wn_str url, int64_t now_us, struct wn_arena *a, struct wn_sighting *out,
				struct wn_err *err)
{
	struct run r = {m, item, doc, now_us, a, err};
	struct wn_sighting s = {.kind = -1};

	if (wn_mapping_warm(m, err))
		return WN_MAPPED_REJECTED;
	if (!passes(&r))
		return WN_MAPPED_FILTERED;
	if (!fill_identity(&r, identity, &s) || !fill_texts(&r, headline, url, &s) ||
	    !fill_times(&r, published_us, &s) || !fill_signal(&r, &s) || !fill_account(&r, &s.account) ||
	    !fill_contact(&r, &s, &s.contact))
		return WN_MAPPED_REJECTED;
	*out = s;
	return WN_MAPPED;
}

enum wn_mapped wn_mapping_frame(struct wn_mapping *m, const struct wn_news_item *item, int64_t now_us, struct wn_arena *a,
				struct wn_sighting *out, struct wn_err *err)
{
	struct wn_err own = {0};
	struct run r = {m, item->item, item->doc, now_us, a, err ? err : &own};
	struct wn_sighting s = {.kind = -1};

	if (wn_mapping_warm(m, err))
		return WN_MAPPED_REJECTED;
	if (!passes(&r))
		return WN_MAPPED_FILTERED;
	if (!fill_identity(&r, item->identity, &s) || !fill_texts(&r, item->headline, item->url, &s) || !fill_times(&r, item->published_us, &s))
		return WN_MAPPED_REJECTED;
	if (!fill_account(&r, &s.account))
		*r.err = (struct wn_err){0}; /* the news may name it */
	*out = s;
	return WN_MAPPED;
}

/* --- outcomes ------------------------------------------------------------------------------------------ */

static bool amount_of(const struct run *r, enum wn_mapping_text slot, double *out)
{
	struct wn_value v;
	enum got got = coerced(r, r->m->programs[slot], wn_mapping_text_names[slot], WN_ATTR_DOUBLE, NULL, &v);

	if (got == GOT && !(v.d >= 0 && v.d <= 1e15)) {
		wn_fail(r->err, WN_INVALID, "%s: an amount that is not below 0 is expected", wn_mapping_text_names[slot]);
		return false;
	}
	if (got == GOT)
		*out = v.d;
	return got != FAILED;
}

static bool currency_of(const struct run *r, struct wn_str *out)
{
	struct wn_str said = WN_STR("");

	if (!text_of(r, WN_MT_OUTCOME_CURRENCY, 20, &said))
		return false;
	struct wn_str code = wn_text_trim(said);
	char *p = wn_arena_strdup(r->arena, code);
	for (size_t i = 0; i < code.n; i++) {
		p[i] = p[i] >= 'a' && p[i] <= 'z' ? (char)(p[i] - 32) : p[i];
		if (code.n != 3 || p[i] < 'A' || p[i] > 'Z') {
			wn_fail(r->err, WN_INVALID, "outcome.currency: a code of three letters is expected, such as EUR, not \"" WN_STR_FMT "\"",
				WN_STR_ARG(code));
			return false;
		}
	}
	*out = code.n && strcmp(p, "USD") != 0 ? (struct wn_str){p, 3} : WN_STR("");
	return true;
}

/* Of whom: what the outcome says, else what the item says of its contact and account. */
static bool fill_subject(const struct run *r, struct wn_mapped_outcome *o)
{
	struct wn_account_hint h = {0};

	if (!text_of(r, WN_MT_OUTCOME_ACCOUNT, WN_NAME_MAX, &o->account) || !text_of(r, WN_MT_OUTCOME_EMAIL, WN_URL_MAX, &o->email) ||
	    !text_of(r, WN_MT_OUTCOME_TOUCH, WN_URL_MAX, &o->touch) || !text_of(r, WN_MT_OUTCOME_CAMPAIGN, 100, &o->campaign))
		return false;
	if (o->account.n || o->email.n || o->touch.n || o->campaign.n)
		return true;
	if (!text_of(r, WN_MT_CONTACT_EMAIL, WN_URL_MAX, &o->email))
		return false;
	if (o->email.n)
		return true;
	if (!fill_account(r, &h)) {
		wn_fail(r->err, WN_INVALID, "outcome: the item says of nobody: account, email, touch or campaign is needed");
		return false;
	}
	o->email = h.email;
	if (!h.email.n)
		o->account = h.domain.n ? h.domain : h.name;
	return true;
}

static bool fill_moment(const struct run *r, int64_t published_us, struct wn_mapped_outcome *o)
{
	o->occurred_us = published_us < r->now_us ? published_us : r->now_us;
	if (!time_of(r, WN_MT_OUTCOME_AT, &o->occurred_us))
		return false;
	if (r->m->max_age_us > 0 && o->occurred_us && o->occurred_us < r->now_us - r->m->max_age_us) {
		wn_fail(r->err, WN_REFUSED, "outcome.occurred_at: older than the feed's max_age");
		return false;
	}
	return true;
}

enum wn_mapped wn_mapping_outcome(struct wn_mapping *m, struct wn_value item, struct wn_value doc, struct wn_str identity,
				  int64_t published_us, int64_t now_us, struct wn_arena *a, struct wn_mapped_outcome *out, struct wn_err *err)
{
	struct run r = {m, item, doc, now_us, a, err};
	struct wn_sighting named = {.kind = -1};
	struct wn_mapped_outcome o = {0};

	if (wn_mapping_warm(m, err))
		return WN_MAPPED_REJECTED;
	if (!passes(&r))
		return WN_MAPPED_FILTERED;
	if (!text_of(&r, WN_MT_OUTCOME_KEY, WN_URL_MAX, &o.id) || (!o.id.n && !fill_identity(&r, identity, &named)) || !fill_subject(&r, &o) ||
	    !fill_moment(&r, published_us, &o) || !amount_of(&r, WN_MT_OUTCOME_VALUE, &o.value) || !amount_of(&r, WN_MT_OUTCOME_COST, &o.cost) ||
	    !currency_of(&r, &o.currency) || !text_of(&r, WN_MT_OUTCOME_NOTE, WN_HEADLINE_MAX, &o.note))
		return WN_MAPPED_REJECTED;
	o.id = o.id.n ? o.id : named.item;
	*out = o;
	return WN_MAPPED;
}

enum wn_rc wn_mapping_items(struct wn_mapping *m, struct wn_value doc, int64_t now_us, struct wn_arena *a,
			    struct wn_value *out, struct wn_err *err)
{
	struct wn_err own = {0};
	struct run r = {m, {0}, doc, now_us, a, err ? err : &own};
	struct wn_value v;

	enum wn_rc rc = wn_mapping_warm(m, err);
	if (rc)
		return rc;
	switch (evaluate(&r, m->programs[WN_MT_ITEMS], "items", &v)) {
	case FAILED:
		return r.err->rc;
	case MISSING:
		return wn_fail(err, WN_INVALID, "items: the answer has no such list");
	case GOT:
		break;
	}
	if (v.kind != WN_LIST)
		return wn_fail(err, WN_INVALID, "items: expected a list, found a value of type %s",
			       wn_kind_to_text(v.kind));
	*out = v;
	return WN_OK;
}

enum wn_rc wn_mapping_cursor(struct wn_mapping *m, struct wn_value item, struct wn_value doc, int64_t now_us, struct wn_arena *a,
			     struct wn_str *out, struct wn_err *err)
{
	struct wn_err own = {0};
	struct run r = {m, item, doc, now_us, a, err ? err : &own};
	struct wn_value v;

	enum wn_rc rc = wn_mapping_warm(m, err);
	if (rc)
		return rc;
	*out = (struct wn_str){NULL, 0};
	switch (evaluate(&r, m->programs[WN_MT_CURSOR], wn_mapping_text_names[WN_MT_CURSOR], &v)) {
	case FAILED:
		return r.err->rc;
	case MISSING:
		return WN_OK;
	case GOT:
		break;
	}
	if (v.kind == WN_INT)
		v = wn_cstring(wn_arena_printf(a, "%lld", (long long)v.i));
	if (v.kind == WN_STRING)
		*out = wn_value_str(v);
	else if (v.kind != WN_NULL && !(v.kind == WN_BOOL && !v.b))
		return wn_fail(err, WN_INVALID, "cursor: expected a text or a whole number, found a value of type %s", wn_kind_to_text(v.kind));
	return WN_OK;
}
