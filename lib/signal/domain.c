/* SPDX-License-Identifier: MIT */
/*
 * Hosts and addresses as strangers write them: taken out of a URL, checked, brought to lower-case ASCII. What
 * is no host (an IP address, an empty label, a sign that no name has) is refused, never repaired.
 */
#include "words.h"
#include <whynow/signal.h>

enum { HOST_MAX = 253, LABEL_MAX = 63, LOCAL_MAX = 64, ADDRESS_MAX = 254, INPUT_MAX = WN_URL_MAX };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *find(struct wn_str s, const char *any)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] && strchr(any, s.p[i]))
			return s.p + i;
	return NULL;
}

static struct wn_str cut_before(struct wn_str s, const char *at)
{
	return at ? (struct wn_str){s.p, (size_t)(at - s.p)} : s;
}

static struct wn_str after(struct wn_str s, const char *at)
{
	return (struct wn_str){at, s.n - (size_t)(at - s.p)};
}

/* Length of "scheme:" + slashes, 0 if there is none. */
static size_t scheme(struct wn_str s)
{
	size_t i = 0;

	while (i < s.n && (is_alnum(s.p[i]) || s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '.'))
		i++;
	if (i > 0 && i + 2 < s.n && memcmp(s.p + i, "://", 3) == 0)
		return i + 3;
	if (s.n >= 7 && strncasecmp(s.p, "mailto:", 7) == 0)
		return 7;
	return s.n >= 2 && s.p[0] == '/' && s.p[1] == '/' ? 2 : 0;
}

/* The authority's host: without user, port, path. */
static struct wn_str raw_host(struct wn_str s)
{
	s = after(s, s.p + scheme(s));
	s = cut_before(s, find(s, "/?#\\"));
	const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL;
	if (at)
		s = after(s, at + 1);
	const char *colon = find(s, ":");
	if (colon)
		for (const char *p = colon + 1; p < s.p + s.n; p++)
			if (!is_digit(*p)) /* [::1], or no port */
				return WN_STR("");
	return cut_before(s, colon);
}

static bool label_is_fine(struct wn_str l)
{
	if (l.n == 0 || l.n > LABEL_MAX || l.p[0] == '-' || l.p[l.n - 1] == '-')
		return false;
	for (size_t i = 0; i < l.n; i++)
		if (!is_alnum(l.p[i]) && l.p[i] != '-' && l.p[i] != '_')
			return false;
	return true;
}

/* Every label in order, and the last one no number: names of that shape are addresses (inet_aton reads 127.1).
 */
static bool host_is_fine(struct wn_str h)
{
	bool last_is_number = true;
	size_t from = 0;

	if (h.n == 0 || h.n > HOST_MAX)
		return false;
	for (size_t i = 0; i <= h.n; i++) {
		if (i < h.n && h.p[i] != '.')
			continue;
		struct wn_str label = {h.p + from, i - from};
		if (!label_is_fine(label))
			return false;
		last_is_number = true;
		for (size_t k = 0; k < label.n; k++)
			last_is_number &= is_digit(label.p[k]);
		if (label.n > 1 && label.p[0] == '0' && (label.p[1] | 32) == 'x')
			last_is_number = true;
		from = i + 1;
	}
	return !last_is_number;
}

static bool is_ascii(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] >= 0x80)
			return false;
	return true;
}

bool wn_domain_host(struct wn_str host_or_url, struct wn_arena *a, struct wn_str *out)
{
	struct wn_str h = wn_text_trim(host_or_url);

	if (h.n == 0 || h.n > INPUT_MAX || memchr(h.p, '\0', h.n))
		return false;
	h = raw_host(h);
	if (h.n == 0 || h.n > 4 * HOST_MAX)
		return false;
	if (is_ascii(h))
		h = wn_text_lower_ascii(h, a);
	else if (!wn_text_is_utf8(h) || !wn_idn_to_ascii(h, a, &h))
		return false;
	if (h.n > 1 && h.p[h.n - 1] == '.')
		h.n--;
	if (!host_is_fine(h))
		return false;
	*out = h;
	return true;
}

bool wn_domain_is_shared(struct wn_str registrable)
{
	for (struct wn_str s = registrable; s.n > 0;) {
		if (wn_lists_shared_domain(s))
			return true;
		const char *dot = memchr(s.p, '.', s.n);
		if (!dot)
			break;
		s = after(s, dot + 1);
	}
	return false;
}

/* --- addresses ------------------------------------------------------------------------------------------ */

static bool local_is_fine(struct wn_str l)
{
	if (l.n == 0 || l.n > LOCAL_MAX || l.p[0] == '.' || l.p[l.n - 1] == '.')
		return false;
	for (size_t i = 0; i < l.n; i++) {
		if (!is_alnum(l.p[i]) && !(l.p[i] && strchr("!#$%&'*+-/=?^_`{|}~.", l.p[i])))
			return false;
		if (l.p[i] == '.' && l.p[i - 1] == '.')
			return false;
	}
	return true;
}

/* What is inside <...>, or the text itself, without mailto:. */
static struct wn_str bare_address(struct wn_str s)
{
	s = wn_text_trim(s);
	if (s.n && s.p[s.n - 1] == '>') {
		const char *open = memrchr(s.p, '<', s.n);
		if (!open)
			return WN_STR("");
		s = (struct wn_str){open + 1, s.n - (size_t)(open + 1 - s.p) - 1};
	}
	if (s.n > 7 && strncasecmp(s.p, "mailto:", 7) == 0)
		s = cut_before(after(s, s.p + 7), find(after(s, s.p + 7), "?"));
	return s;
}

bool wn_email_normalise(struct wn_str text, struct wn_arena *a, struct wn_str *out)
{
	struct wn_str s = text.n > INPUT_MAX ? WN_STR("") : bare_address(text), host;
	const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;

	if (!at || memchr(at + 1, '@', s.n - (size_t)(at + 1 - s.p)) || !local_is_fine(cut_before(s, at)))
		return false;
	struct wn_str domain = after(s, at + 1);
	if (find(domain, ":/?#\\ ") || !wn_domain_host(domain, a, &host) || !memchr(host.p, '.', host.n) ||
	    domain.p[domain.n - 1] == '.')
		return false;
	struct wn_str local = wn_text_lower_ascii(cut_before(s, at), a);
	if (local.n + 1 + host.n > ADDRESS_MAX)
		return false;
	*out = wn_str_of(wn_arena_printf(a, WN_STR_FMT "@" WN_STR_FMT, WN_STR_ARG(local), WN_STR_ARG(host)));
	return true;
}
