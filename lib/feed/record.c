/* SPDX-License-Identifier: MIT */
/*
 * A record: the fields of an item, of a feed or of a source, as a reader found them, before they are settled
 * into what the rest of the program sees. Better elements replace worse ones; nothing is decided twice.
 */
#include "internal.h"

#include <whynow/date.h>
#include <whynow/text.h>
#include <whynow/url.h>

static const struct {
	const char *key, *raw;
	enum wn_field_kind kind;
} fields[WN_F_N] = {
#define X(name, text, kind) [WN_F_##name] = {text, text "_raw", WN_FIELD_##kind},
    WN_FIELD_LIST(X)
#undef X
};

struct wn_str wn_cut(struct wn_str s, size_t max)
{
	if (s.n <= max)
		return s;
	s.n = max;
	while (s.n && ((uint8_t)s.p[s.n] & 0xC0) == 0x80)
		s.n--;
	return s;
}

/* "fr_CA" and "fr-CA" are "fr-ca" (RFC 5646 2.1.1). */
static struct wn_str language_tag(struct wn_str s, struct wn_arena *a)
{
	struct wn_str out = wn_text_lower_ascii(s, a);

	for (size_t i = 0; i < out.n; i++)
		if (out.p[i] == '_')
			((char *)(uintptr_t)out.p)[i] = '-';
	return out;
}

/* References to 128..159 in kept markup mean windows-1252; they are written as what they mean. */
static struct wn_str mend_references(struct wn_str s, struct wn_arena *a)
{
	struct wn_buf b;
	const char *p = s.p, *end = p + s.n, *amp;

	if (!memmem(s.p, s.n, "&#1", 3) && !memmem(s.p, s.n, "&#x", 3))
		return s;
	wn_buf_init(&b, WN_TEXT_FIELD_MAX + 1024);
	while ((amp = memmem(p, (size_t)(end - p), "&#", 2))) {
		uint32_t cp[2] = {0, 0};
		size_t n = wn_entity_at(amp, end, cp);
		wn_buf_add(&b, p, (size_t)(amp - p));
		p = amp + (n ? n : 2);
		if (n && n <= 6 && cp[0] > 0xFF && cp[0] < 0x2123)
			wn_buf_printf(&b, "&#x%x;", cp[0]);
		else
			wn_buf_add(&b, amp, (size_t)(p - amp));
	}
	wn_buf_add(&b, p, (size_t)(end - p));
	s = wn_arena_str(a, wn_cut(wn_buf_slice(&b), WN_TEXT_FIELD_MAX));
	wn_buf_done(&b);
	return s;
}

void wn_record_set(struct wn_record *r, enum wn_field_name name, struct wn_str s, bool html, int prio,
		   struct wn_arena *a)
{
	struct wn_field *f = &r->f[name];

	s = wn_text_trim(s);
	if (!s.n || (f->s.p && f->prio > prio))
		return;
	s = wn_arena_str(a, wn_cut(s, WN_TEXT_FIELD_MAX));
	if (name == WN_F_LANGUAGE)
		s = language_tag(s, a);
	else if (html)
		s = mend_references(s, a);
	*f = (struct wn_field){s, html, (uint8_t)prio};
}

/* --- people ------------------------------------------------------------------------------------------------
 */

static bool is_email_char(char c)
{
	return (uint8_t)c >= 0x80 || (c > ' ' && c != 0x7F && !strchr("()<>[],;:\"", c));
}

static bool is_closing(char c)
{
	return strchr("()<>[]\"', -", c) != NULL;
}

/* The name is what is left of the text when the address and the brackets around either are gone. */
struct wn_person wn_person_of(struct wn_str text, struct wn_arena *a)
{
	struct wn_person who = {0};
	const char *at, *from, *to, *end;

	text = wn_text_trim(wn_html_to_text(text, a));
	text = wn_text_one_line(text, WN_NAME_MAX, a);
	end = text.p + text.n;
	at = text.n ? memchr(text.p, '@', text.n) : NULL;
	if (!at) {
		who.name = text;
		return who;
	}
	for (from = at; from > text.p && is_email_char(from[-1]);)
		from--;
	for (to = at + 1; to < end && is_email_char(*to);)
		to++;
	if (from == at || to == at + 1) {
		who.name = text;
		return who;
	}
	who.email = (struct wn_str){from, (size_t)(to - from)};
	if (who.email.n > 7 && !strncasecmp(who.email.p, "mailto:", 7))
		who.email.p += 7, who.email.n -= 7;
	struct wn_str before = {text.p, (size_t)(from - text.p)}, after = {to, (size_t)(end - to)};
	struct wn_str name =
	    wn_str_of(wn_arena_printf(a, "%.*s %.*s", (int)before.n, before.p, (int)after.n, after.p));
	while (name.n && is_closing(name.p[0]))
		name.p++, name.n--;
	while (name.n && is_closing(name.p[name.n - 1]))
		name.n--;
	who.name = name;
	return who;
}

static struct wn_str names_of(const struct wn_record *r, struct wn_arena *a)
{
	struct wn_buf b;

	wn_buf_init(&b, WN_NAME_MAX * 4);
	for (size_t i = 0; i < r->authors.n; i++) {
		struct wn_str name = r->authors.v[i].name.n ? r->authors.v[i].name : r->authors.v[i].email;
		if (!name.n)
			continue;
		if (b.n)
			wn_buf_text(&b, ", ");
		wn_buf_str(&b, name);
	}
	struct wn_str out = wn_arena_str(a, wn_cut(wn_buf_slice(&b), WN_NAME_MAX * 3));
	wn_buf_done(&b);
	return out;
}

/* --- fields ------------------------------------------------------------------------------------------------
 */

static bool is_nbsp(struct wn_str s, size_t i)
{
	return i + 1 < s.n && s.p[i] == '\xC2' && s.p[i + 1] == '\xA0';
}

struct wn_str wn_field_text(const struct wn_field *f, bool one_line, struct wn_arena *a)
{
	struct wn_str s = f->html ? wn_html_to_text(f->s, a) : f->s;
	size_t o = 0;
	char *line;

	if (!one_line || !s.n)
		return s;
	/* Blanks collapse; a no-break space between words is a blank too, so that rules find the words. */
	line = wn_arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		if (is_nbsp(s, i) && i && i + 2 < s.n && !wn_feed_is_space(s.p[i - 1]) &&
		    !wn_feed_is_space(s.p[i + 2]))
			line[o++] = ' ', i++;
		else if (!wn_feed_is_space(s.p[i]))
			line[o++] = s.p[i];
		else if (o && line[o - 1] != ' ')
			line[o++] = ' ';
	if (o && line[o - 1] == ' ')
		o--;
	return (struct wn_str){line, o};
}

int64_t wn_field_date(const struct wn_field *f, int64_t now_us)
{
	int64_t us;

	if (!f->s.n || !wn_date_parse(f->s, &us))
		return 0;
	if (now_us && us > now_us + INT64_C(86400000000))
		return 0;
	if (now_us && us > now_us)
		us = now_us;
	return us ? us : 1;
}

static void resolve(struct wn_str *url, struct wn_str base, struct wn_arena *a)
{
	if (url->n)
		*url = wn_url_resolve(base, *url, a);
}

static void resolve_people(struct wn_person *v, size_t n, struct wn_str base, struct wn_arena *a)
{
	for (size_t i = 0; i < n; i++)
		resolve(&v[i].url, base, a);
}

/* An id that is no relative reference stays byte for byte as it is. */
static bool is_relative(struct wn_str s)
{
	return s.n && !memchr(s.p, ':', s.n) && (memchr(s.p, '/', s.n) || memchr(s.p, '.', s.n));
}

void wn_record_settle(struct wn_record *r, struct wn_str base, struct wn_arena *a)
{
	bool explicit_base = r->base.n > 0;

	if (explicit_base)
		base = r->base;
	for (int i = 0; i < WN_F_N; i++)
		if (fields[i].kind == WN_FIELD_URL && i != WN_F_ID)
			resolve(&r->f[i].s, base, a);
	if (explicit_base && is_relative(r->f[WN_F_ID].s) && !r->f[WN_F_ID].html)
		resolve(&r->f[WN_F_ID].s, base, a);
	resolve_people(r->authors.v, r->authors.n, base, a);
	resolve_people(r->contributors.v, r->contributors.n, base, a);
	for (size_t i = 0; i < r->links.n; i++)
		resolve(&r->links.v[i].href, base, a);
	for (size_t i = 0; i < r->enclosures.n; i++)
		resolve(&r->enclosures.v[i].url, base, a);
	if (!r->f[WN_F_LINK].s.n && r->id_is_link)
		r->f[WN_F_LINK] = (struct wn_field){.s = wn_url_resolve(base, r->f[WN_F_ID].s, a)};
	if (!r->f[WN_F_LINK].s.n && wn_url_is_http(r->f[WN_F_ID].s))
		r->f[WN_F_LINK] = (struct wn_field){.s = wn_url_resolve(base, r->f[WN_F_ID].s, a)};
	if (!r->f[WN_F_LINK].s.n)
		r->f[WN_F_LINK] = r->f[WN_F_EXTERNAL_LINK];
	if (r->source)
		wn_record_settle(r->source, base, a);
}

/* --- as a value ----------------------------------------------------------------------------------------------
 */

static void put_string(struct wn_map_builder *m, const char *key, struct wn_str s)
{
	if (s.n)
		wn_map_set(m, key, wn_string(s));
}

static struct wn_value people_value(const struct wn_person *v, size_t n, struct wn_arena *a)
{
	struct wn_value *list = WN_NEW_N(a, struct wn_value, n + 1);

	for (size_t i = 0; i < n; i++) {
		struct wn_map_builder m = wn_map_begin(a);
		put_string(&m, "name", v[i].name);
		put_string(&m, "email", v[i].email);
		put_string(&m, "url", v[i].url);
		list[i] = wn_map_end(&m);
	}
	return wn_list(list, n);
}

static struct wn_value links_value(const struct wn_record *r, struct wn_arena *a)
{
	struct wn_value *list = WN_NEW_N(a, struct wn_value, r->links.n + 1);

	for (size_t i = 0; i < r->links.n; i++) {
		const struct wn_link *l = &r->links.v[i];
		struct wn_map_builder m = wn_map_begin(a);
		put_string(&m, "href", l->href);
		put_string(&m, "rel", l->rel);
		put_string(&m, "type", l->type);
		put_string(&m, "title", l->title);
		put_string(&m, "hreflang", l->hreflang);
		list[i] = wn_map_end(&m);
	}
	return wn_list(list, r->links.n);
}

static struct wn_value enclosures_value(const struct wn_record *r, struct wn_arena *a)
{
	struct wn_value *list = WN_NEW_N(a, struct wn_value, r->enclosures.n + 1);

	for (size_t i = 0; i < r->enclosures.n; i++) {
		struct wn_map_builder m = wn_map_begin(a);
		wn_map_set(&m, "url", wn_string(r->enclosures.v[i].url));
		put_string(&m, "type", r->enclosures.v[i].type);
		put_string(&m, "length", r->enclosures.v[i].length);
		list[i] = wn_map_end(&m);
	}
	return wn_list(list, r->enclosures.n);
}

/* `categories` is a list of strings, for rules; the schemes are kept beside it. */
static void put_categories(struct wn_map_builder *m, const struct wn_record *r, bool always, struct wn_arena *a)
{
	struct wn_value *list = WN_NEW_N(a, struct wn_value, r->categories.n + 1);
	struct wn_value *detail = WN_NEW_N(a, struct wn_value, r->categories.n + 1);
	bool detailed = false;

	for (size_t i = 0; i < r->categories.n; i++) {
		const struct wn_category *c = &r->categories.v[i];
		struct wn_map_builder d = wn_map_begin(a);
		list[i] = wn_string(c->term.n ? c->term : c->label);
		put_string(&d, "term", c->term);
		put_string(&d, "scheme", c->scheme);
		put_string(&d, "label", c->label);
		detail[i] = wn_map_end(&d);
		detailed |= c->scheme.n || c->label.n;
	}
	if (always || r->categories.n)
		wn_map_set(m, "categories", wn_list(list, r->categories.n));
	if (detailed)
		wn_map_set(m, "category_details", wn_list(detail, r->categories.n));
}

static void put_field(struct wn_map_builder *m, const struct wn_field *f, int i, int64_t now_us, bool always,
		      struct wn_arena *a)
{
	bool main_string = i == WN_F_ID || i == WN_F_TITLE || i == WN_F_LINK || i == WN_F_SUMMARY ||
			   i == WN_F_CONTENT || i == WN_F_LANGUAGE;

	if (fields[i].kind == WN_FIELD_DATE) {
		int64_t us = wn_field_date(f, now_us);
		if (us)
			wn_map_set(m, fields[i].key, wn_time_us(us));
		if (f->s.n)
			wn_map_set(m, fields[i].raw, wn_string(f->s));
		return;
	}
	struct wn_str s = fields[i].kind == WN_FIELD_TITLE ? wn_field_text(f, true, a) : f->s;
	if (s.n || (always && main_string))
		wn_map_set(m, fields[i].key, wn_string(s));
}

struct wn_value wn_record_value(const struct wn_record *r, int64_t now_us, bool strings_always,
				struct wn_arena *a)
{
	struct wn_map_builder m = wn_map_begin(a);

	for (int i = 0; i < WN_F_N; i++)
		put_field(&m, &r->f[i], i, now_us, strings_always, a);
	struct wn_str author = names_of(r, a);
	if (author.n || strings_always)
		wn_map_set(&m, "author", wn_string(author));
	put_categories(&m, r, strings_always, a);
	if (r->authors.n)
		wn_map_set(&m, "authors", people_value(r->authors.v, r->authors.n, a));
	if (r->contributors.n)
		wn_map_set(&m, "contributors", people_value(r->contributors.v, r->contributors.n, a));
	if (r->links.n)
		wn_map_set(&m, "links", links_value(r, a));
	if (r->enclosures.n || strings_always)
		wn_map_set(&m, "enclosures", enclosures_value(r, a));
	if (r->source)
		wn_map_set(&m, "source_feed", wn_record_value(r->source, now_us, false, a));
	for (size_t i = 0; r->extra.kind == WN_MAP && i < r->extra.n; i++)
		if (wn_value_get(wn_map_end(&m), wn_value_str(r->extra.map[i].key)).kind == WN_ABSENT)
			wn_map_put(&m, wn_value_str(r->extra.map[i].key), r->extra.map[i].value);
	return wn_map_end(&m);
}
