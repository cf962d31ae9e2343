/* SPDX-License-Identifier: MIT */
/*
 * JSON text to value; the only file that knows jansson.
 *
 * jansson needs 40 to 80 times the size of hostile text, so a scan of the bytes bounds size, values and depth
 * before it sees any. The same scan notes what jansson cannot read as RFC 8259 lets us read it, and the text is
 * rewritten there: an integer beyond 64 bits gets ".0" (it becomes a double), an escaped NUL becomes U+FFFD (no
 * string of ours holds NUL). Everything about the grammar is left to jansson.
 */
#include <whynow/limits.h>
#include <whynow/log.h>
#include <whynow/value.h>

#include <jansson.h>
#include <stdlib.h>

/* A place of the text that is to be rewritten. */
struct patch {
	size_t at;
	bool is_nul; /* else: ".0" goes in before `at` */
};

struct scan {
	struct wn_str text;
	struct wn_json_limits lim;
	bool strict;
	struct wn_arena *a;
	size_t values, depth;
	WN_VEC(struct patch) patches;
};

static struct wn_place place_of(struct wn_str text, size_t at)
{
	struct wn_place place = {.line = 1, .column = 1};
	for (size_t i = 0; i < at && i < text.n; i++) {
		if (text.p[i] == '\n')
			place.line++, place.column = 1;
		else if ((text.p[i] & 0xc0) != 0x80)
			place.column++;
	}
	return place;
}

static bool is_nul_escape(struct wn_str text, size_t at)
{
	return at + 6 <= text.n && memcmp(text.p + at, "\\u0000", 6) == 0;
}

/* From the opening quote to just behind the closing one (or the end of the text). */
static enum wn_rc scan_string(struct scan *s, size_t *at, struct wn_err *err)
{
	size_t i = *at + 1;
	while (i < s->text.n && s->text.p[i] != '"') {
		if (s->text.p[i] != '\\') {
			i++;
			continue;
		}
		if (is_nul_escape(s->text, i)) {
			if (s->strict)
				return wn_fail_at(err, WN_INVALID, place_of(s->text, i),
						  "a string holds NUL (\\u0000)");
			*WN_PUSH(s->a, &s->patches) = (struct patch){i, true};
		}
		i += 2;
	}
	*at = i + 1;
	return WN_OK;
}

static bool fits_int64(struct wn_str digits, bool negative)
{
	struct wn_str max = negative ? WN_STR("9223372036854775808") : WN_STR("9223372036854775807");
	return digits.n < max.n || (digits.n == max.n && memcmp(digits.p, max.p, max.n) <= 0);
}

/* A number or a word: to the next byte that cannot be part of one. */
static void scan_atom(struct scan *s, size_t *at)
{
	size_t start = *at, i = start;
	bool negative = s->text.p[i] == '-';
	i += negative;
	size_t digits = i;
	while (i < s->text.n && s->text.p[i] >= '0' && s->text.p[i] <= '9')
		i++;
	bool ends = i == s->text.n || !strchr(".eE", s->text.p[i]);
	if (i > digits && ends && !fits_int64((struct wn_str){s->text.p + digits, i - digits}, negative))
		*WN_PUSH(s->a, &s->patches) = (struct patch){i, false};
	while (i < s->text.n && !strchr(" \t\r\n,:[]{}\"", s->text.p[i]))
		i++;
	*at = i > start ? i : start + 1;
}

static enum wn_rc count(struct scan *s, size_t at, struct wn_err *err)
{
	if (++s->values > s->lim.values)
		return wn_fail_at(err, WN_LIMIT, place_of(s->text, at), "more than %zu values", s->lim.values);
	return WN_OK;
}

static enum wn_rc scan_token(struct scan *s, size_t *at, struct wn_err *err)
{
	enum wn_rc rc = count(s, *at, err);
	if (rc)
		return rc;
	switch (s->text.p[*at]) {
	case '"':
		return scan_string(s, at, err);
	case '[':
	case '{':
		if (++s->depth > s->lim.depth)
			return wn_fail_at(err, WN_LIMIT, place_of(s->text, *at), "nested deeper than %zu",
					  s->lim.depth);
		++*at;
		return WN_OK;
	default:
		scan_atom(s, at);
		return WN_OK;
	}
}

static enum wn_rc scan(struct scan *s, struct wn_err *err)
{
	if (s->text.n > s->lim.bytes)
		return wn_fail(err, WN_LIMIT, "longer than %zu bytes", s->lim.bytes);
	const char *nul = s->text.n ? memchr(s->text.p, '\0', s->text.n) : NULL;
	if (nul)
		return wn_fail_at(err, WN_INVALID, place_of(s->text, (size_t)(nul - s->text.p)), "a NUL byte");
	for (size_t i = 0; i < s->text.n;) {
		char c = s->text.p[i];
		if (strchr(" \t\r\n,:", c)) {
			i++;
		} else if (c == ']' || c == '}') {
			s->depth -= s->depth > 0;
			i++;
		} else {
			enum wn_rc rc = scan_token(s, &i, err);
			if (rc)
				return rc;
		}
	}
	return WN_OK;
}

/* A copy with the patches in it; NULL when memory is out. */
static char *rewrite(const struct scan *s, size_t *n)
{
	char *copy = wn_try_alloc(s->text.n + 2 * s->patches.n), *to = copy;
	size_t from = 0;
	if (!copy)
		return NULL;
	for (size_t i = 0; i < s->patches.n; i++) {
		struct patch p = s->patches.v[i];
		memcpy(to, s->text.p + from, p.at - from);
		to += p.at - from;
		from = p.at + (p.is_nul ? 6 : 0);
		const char *with = p.is_nul ? "\\ufffd" : ".0";
		memcpy(to, with, p.is_nul ? 6 : 2);
		to += p.is_nul ? 6 : 2;
	}
	memcpy(to, s->text.p + from, s->text.n - from);
	*n = (size_t)(to - copy) + s->text.n - from;
	return copy;
}

static bool convert(const json_t *j, struct wn_arena *a, struct wn_value *out);

static bool convert_text(const char *p, size_t n, struct wn_arena *a, struct wn_value *out)
{
	char *copy = wn_arena_try(a, n + 1);
	if (!copy)
		return false;
	memcpy(copy, p, n);
	*out = wn_string((struct wn_str){copy, n});
	return true;
}

static bool convert_array(const json_t *j, struct wn_arena *a, struct wn_value *out)
{
	size_t n = json_array_size(j);
	struct wn_value *list = wn_arena_try(a, n * sizeof(*list));
	if (!list)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!convert(json_array_get(j, i), a, &list[i]))
			return false;
	*out = wn_list(list, n);
	return true;
}

static bool convert_object(const json_t *j, struct wn_arena *a, struct wn_value *out)
{
	struct wn_entry *map = wn_arena_try(a, json_object_size(j) * sizeof(*map)), *e = map;
	if (!map)
		return false;
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)j, key, member)
	{
		if (!convert_text(key, strlen(key), a, &e->key) || !convert(member, a, &e->value))
			return false;
		e++;
	}
	*out = wn_map(map, (size_t)(e - map));
	return true;
}

/* False: the arena's ceiling. Depth is bounded by the scan. */
static bool convert(const json_t *j, struct wn_arena *a, struct wn_value *out)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return convert_object(j, a, out);
	case JSON_ARRAY:
		return convert_array(j, a, out);
	case JSON_STRING:
		return convert_text(json_string_value(j), json_string_length(j), a, out);
	case JSON_INTEGER:
		*out = wn_int(json_integer_value(j));
		return true;
	case JSON_REAL:
		*out = wn_double(json_real_value(j));
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		*out = wn_bool(json_is_true(j));
		return true;
	case JSON_NULL:
		*out = wn_null();
		return true;
	}
	return false;
}

static enum wn_rc parse(const struct scan *s, struct wn_value *out, struct wn_err *err)
{
	WN_CLEANUP(wn_freep) char *copy = NULL;
	struct wn_str text = s->text;
	if (s->patches.n) {
		copy = rewrite(s, &text.n);
		if (!copy)
			return wn_fail(err, WN_LIMIT, "out of memory");
		text.p = copy;
	}
	json_error_t e;
	json_t *j = json_loadb(text.n ? text.p : "", text.n,
			       JSON_DECODE_ANY | (s->strict ? JSON_REJECT_DUPLICATES : 0), &e);
	if (!j) {
		char clean[JSON_ERROR_TEXT_LENGTH + 16];
		wn_log_clean(e.text, sizeof(e.text), clean, sizeof(clean));
		return wn_fail_at(err, WN_INVALID, (struct wn_place){NULL, e.line, e.column}, "%s", clean);
	}
	bool done = convert(j, s->a, out);
	json_decref(j);
	return done ? WN_OK : wn_fail(err, WN_LIMIT, "too large for the memory of this work");
}

enum wn_rc wn_json_parse(struct wn_str text, const struct wn_json_limits *lim, struct wn_arena *a,
			 struct wn_value *out, struct wn_err *err)
{
	struct scan s = {
		.text = text, .a = a, .lim = {WN_JSON_BYTES_MAX, WN_JSON_VALUES_MAX, WN_JSON_DEPTH_MAX}};
	if (lim) {
		s.lim.bytes = lim->bytes ? lim->bytes : s.lim.bytes;
		s.lim.values = lim->values ? lim->values : s.lim.values;
		s.lim.depth = lim->depth ? lim->depth : s.lim.depth;
		s.strict = lim->strict;
	}
	/* Lengths of values are 32 bits, and both jansson and we recurse. */
	s.lim.bytes = s.lim.bytes < UINT32_MAX ? s.lim.bytes : UINT32_MAX;
	s.lim.depth = s.lim.depth < WN_VALUE_DEPTH_MAX ? s.lim.depth : WN_VALUE_DEPTH_MAX;
	if (s.text.n >= 3 && memcmp(s.text.p, "\xef\xbb\xbf", 3) == 0)
		s.text.p += 3, s.text.n -= 3;
	struct wn_value value;
	enum wn_rc rc = scan(&s, err);
	if (!rc)
		rc = parse(&s, &value, err);
	if (!rc)
		*out = value;
	return rc;
}
