/* SPDX-License-Identifier: MIT */
/*
 * URLs as feeds write them: split, resolved (RFC 3986 section 5.2), and brought to the form under which two
 * spellings of one page meet. It does not check that a URL is good, only what follows from its text.
 */
#include "internal.h"

#include <whynow/text.h>
#include <whynow/url.h>

#include <strings.h>

struct parts {
	struct wn_str scheme, authority, path, query, fragment; /* without their marks; p NULL = absent */
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t scheme_length(struct wn_str s)
{
	if (!s.n || !is_alpha(s.p[0]))
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == ':')
			return i;
		if (!is_alpha(s.p[i]) && !(s.p[i] >= '0' && s.p[i] <= '9') && !strchr("+-.", s.p[i]))
			return 0;
	}
	return 0;
}

/* Takes the bytes from the first mark of `marks` on out of *s. */
static struct wn_str take_until(struct wn_str *s, const char *marks)
{
	struct wn_str head = {s->p, 0};

	while (head.n < s->n && !strchr(marks, s->p[head.n]))
		head.n++;
	s->p += head.n;
	s->n -= head.n;
	return head;
}

static struct parts split(struct wn_str s)
{
	struct parts u = {0};
	size_t n = scheme_length(s);

	if (n) {
		u.scheme = (struct wn_str){s.p, n};
		s.p += n + 1, s.n -= n + 1;
	}
	if (s.n >= 2 && s.p[0] == '/' && s.p[1] == '/') {
		s.p += 2, s.n -= 2;
		u.authority = take_until(&s, "/?#");
	}
	u.path = take_until(&s, "?#");
	if (s.n && s.p[0] == '?') {
		s.p++, s.n--;
		u.query = take_until(&s, "#");
	}
	if (s.n)
		u.fragment = (struct wn_str){s.p + 1, s.n - 1};
	return u;
}

/* RFC 3986 5.2.4, on a path in b from `start` on. */
static void remove_dots(struct wn_buf *b, size_t start)
{
	char *base = b->p + start, *o = base;
	const char *p = base, *end = b->p + b->n;

	while (p < end) {
		const char *q = p + 1;
		while (q < end && *q != '/')
			q++;
		size_t n = (size_t)(q - p);
		bool slash = *p == '/';
		const char *seg = p + slash;
		size_t len = n - slash;
		if (len == 1 && seg[0] == '.') {
			if (q == end && slash)
				*o++ = '/';
		} else if (len == 2 && seg[0] == '.' && seg[1] == '.') {
			while (o > base && *--o != '/')
				;
			if (q == end && slash)
				*o++ = '/';
		} else {
			memmove(o, p, n);
			o += n;
		}
		p = q;
	}
	b->n = (size_t)(o - b->p);
	b->p[b->n] = 0;
}

/* Control characters go, blanks inside become %20, backslashes after a scheme are slashes (WHATWG URL). */
static struct wn_str clean(struct wn_str s, struct wn_arena *a)
{
	char *out, *o;

	s = wn_text_trim(s);
	if (s.n > WN_URL_MAX)
		return (struct wn_str){"", 0};
	out = o = wn_arena_alloc(a, 3 * s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ' ')
			memcpy(o, "%20", 3), o += 3;
		else if ((uint8_t)s.p[i] > ' ' && s.p[i] != 0x7F)
			*o++ = s.p[i];
	return wn_cut((struct wn_str){out, (size_t)(o - out)}, WN_URL_MAX);
}

static void put_tail(struct wn_buf *b, const struct parts *u)
{
	if (u->query.p) {
		wn_buf_char(b, '?');
		wn_buf_str(b, u->query);
	}
	if (u->fragment.p) {
		wn_buf_char(b, '#');
		wn_buf_str(b, u->fragment);
	}
}

/* The path of the target: merged with the base's where it is relative (5.2.3). */
static void put_path(struct wn_buf *b, const struct parts *base, const struct parts *ref)
{
	size_t start = b->n, keep = base->path.n;

	if (ref->authority.p || (ref->path.n && ref->path.p[0] == '/')) {
		wn_buf_str(b, ref->path);
	} else {
		while (keep && base->path.p[keep - 1] != '/')
			keep--;
		if (!keep && base->authority.p)
			wn_buf_char(b, '/');
		wn_buf_add(b, base->path.p, keep);
		wn_buf_str(b, ref->path);
	}
	if (b->p && b->n > start)
		remove_dots(b, start);
}

struct wn_str wn_url_resolve(struct wn_str base, struct wn_str ref, struct wn_arena *a)
{
	struct wn_buf b;

	ref = clean(ref, a);
	struct parts r = split(ref), u = split(wn_text_trim(base));
	if (!ref.n || r.scheme.n || !u.scheme.n || !u.authority.p || base.n > WN_URL_MAX)
		return ref;
	wn_buf_init(&b, WN_URL_MAX);
	wn_buf_str(&b, u.scheme);
	wn_buf_text(&b, "://");
	wn_buf_str(&b, r.authority.p ? r.authority : u.authority);
	if (!r.authority.p && !r.path.n) {
		wn_buf_str(&b, u.path);
		if (!r.query.p)
			r.query = u.query;
	} else {
		put_path(&b, &u, &r);
	}
	put_tail(&b, &r);
	struct wn_str out = wn_buf_overflowed(&b) ? (struct wn_str){"", 0} : wn_arena_str(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}

bool wn_url_is_http(struct wn_str url)
{
	struct parts u = split(url);

	return u.authority.n && ((u.scheme.n == 4 && !strncasecmp(u.scheme.p, "http", 4)) ||
				 (u.scheme.n == 5 && !strncasecmp(u.scheme.p, "https", 5)));
}

/* Parameters that say where a reader came from, not what is read. */
static bool is_tracking(struct wn_str key)
{
	static const char *const names[] = {"fbclid",
					    "gclid",
					    "dclid",
					    "gbraid",
					    "wbraid",
					    "msclkid",
					    "yclid",
					    "twclid",
					    "igshid",
					    "mc_cid",
					    "mc_eid",
					    "_hsenc",
					    "_hsmi",
					    "mkt_tok",
					    "vero_id",
					    "oly_anon_id",
					    "oly_enc_id",
					    "ref_src",
					    "cmpid",
					    "ncid",
					    "guccounter",
					    "s_cid",
					    "__twitter_impression"};

	if ((key.n >= 4 && !strncasecmp(key.p, "utm_", 4)) || (key.n >= 4 && !strncasecmp(key.p, "pk_c", 4)))
		return true;
	for (size_t i = 0; i < WN_COUNT(names); i++)
		if (key.n == strlen(names[i]) && !strncasecmp(key.p, names[i], key.n))
			return true;
	return false;
}

static void put_query(struct wn_buf *b, struct wn_str query)
{
	char mark = '?';

	while (query.n) {
		struct wn_str part = take_until(&query, "&"), rest = part;
		struct wn_str key = take_until(&rest, "=");
		if (part.n && !is_tracking(key)) {
			wn_buf_char(b, mark);
			wn_buf_str(b, part);
			mark = '&';
		}
		if (query.n)
			query.p++, query.n--;
	}
}

struct wn_str wn_url_same(struct wn_str url, struct wn_arena *a)
{
	struct parts u = split(url);
	struct wn_buf b;

	if (!wn_url_is_http(url) || url.n > WN_URL_MAX)
		return (struct wn_str){NULL, 0};
	struct wn_str host = wn_text_lower_ascii(u.authority, a), path = u.path;
	const char *port = host.n ? memrchr(host.p, ':', host.n) : NULL;
	if (port &&
	    ((u.scheme.n == 4 && wn_str_is((struct wn_str){port, (size_t)(host.p + host.n - port)}, ":80")) ||
	     (u.scheme.n == 5 && wn_str_is((struct wn_str){port, (size_t)(host.p + host.n - port)}, ":443"))))
		host.n = (size_t)(port - host.p);
	if (host.n > 4 && !memcmp(host.p, "www.", 4))
		host.p += 4, host.n -= 4;
	while (path.n && path.p[path.n - 1] == '/')
		path.n--;
	wn_buf_init(&b, WN_URL_MAX + 8);
	wn_buf_text(&b, "//");
	wn_buf_str(&b, host);
	wn_buf_str(&b, path);
	put_query(&b, u.query);
	if (u.fragment.n) {
		wn_buf_char(&b, '#');
		wn_buf_str(&b, u.fragment);
	}
	struct wn_str out = wn_arena_str(a, wn_buf_slice(&b));
	wn_buf_done(&b);
	return out;
}
