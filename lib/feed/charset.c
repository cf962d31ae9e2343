/* SPDX-License-Identifier: MIT */
/*
 * Bytes of an answer to UTF-8. The order of witnesses: byte order mark, HTTP charset unless it contradicts
 * valid UTF-8, XML declaration, UTF-8, windows-1252 (RFC 7303 for XML; the us-ascii default of RFC 3023 is not
 * followed).
 *
 * What decodes without error wins; if nothing does, bad bytes of UTF-8 are read as windows-1252 one by one, and
 * of other encodings become U+FFFD. The result is always valid UTF-8, at most DECODED_MAX bytes.
 */
#include "internal.h"

#include <whynow/text.h>

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <strings.h>

#define DECODED_MAX                                                                                            \
	(3 * (size_t)WN_FETCH_BODY_MAX) /* one byte of a legacy encoding takes at most three in UTF-8 */

static bool same_name(const char *a, struct wn_str b)
{
	size_t i = 0;

	for (; i < b.n && a[i]; i++)
		if (wn_lower(a[i]) != wn_lower(b.p[i]))
			return false;
	return i == b.n && !a[i];
}

/* Labels that are read as something wider (WHATWG Encoding, 4.2), and the name under which that is told. */
static const struct alias {
	const char *label, *iconv, *told;
} aliases[] = {
    {"utf8", "UTF-8", "utf-8"},
    {"utf-8", "UTF-8", "utf-8"},
    {"us-ascii", "UTF-8", "us-ascii"},
    {"ascii", "UTF-8", "us-ascii"},
    {"iso-8859-1", "CP1252", "iso-8859-1"},
    {"iso8859-1", "CP1252", "iso-8859-1"},
    {"iso_8859-1", "CP1252", "iso-8859-1"},
    {"latin1", "CP1252", "iso-8859-1"},
    {"latin-1", "CP1252", "iso-8859-1"},
    {"windows-1252", "CP1252", "windows-1252"},
    {"cp1252", "CP1252", "windows-1252"},
    {"iso-8859-9", "CP1254", "iso-8859-9"},
    {"iso-8859-11", "CP874", "iso-8859-11"},
    {"gb2312", "GB18030", "gb18030"},
    {"gbk", "GB18030", "gb18030"},
    {"euc-kr", "CP949", "euc-kr"},
    {"ks_c_5601-1987", "CP949", "euc-kr"},
    {"shift_jis", "CP932", "shift_jis"},
    {"shift-jis", "CP932", "shift_jis"},
    {"sjis", "CP932", "shift_jis"},
    {"x-sjis", "CP932", "shift_jis"},
    {"big5", "BIG5-HKSCS", "big5"},
    {"unicode", "UTF-16", "utf-16"},
    {"mac-roman", "MACINTOSH", "macintosh"},
    {"mac", "MACINTOSH", "macintosh"},
    {"ms_kanji", "CP932", "shift_jis"},
    {"iso-8859-8-i", "ISO-8859-8", "iso-8859-8"}, /* -i, -e: only how lines are drawn */
    {"iso-8859-8-e", "ISO-8859-8", "iso-8859-8"},
    {"logical", "ISO-8859-8", "iso-8859-8"},
};

struct charset {
	char iconv[40], told[40];
};

static bool charset_named(struct wn_str label, struct charset *out)
{
	label = wn_text_trim(label);
	if (!label.n || label.n >= sizeof(out->iconv))
		return false;
	for (size_t i = 0; i < label.n; i++) /* iconv takes "//TRANSLIT" and empty parts as orders */
		if (!strchr("-_.:+()", label.p[i]) && !(wn_lower(label.p[i]) >= 'a' && wn_lower(label.p[i]) <= 'z') &&
		    !(label.p[i] >= '0' && label.p[i] <= '9'))
			return false;
	for (size_t i = 0; i < WN_COUNT(aliases); i++)
		if (same_name(aliases[i].label, label)) {
			*out = (struct charset){0};
			memcpy(out->iconv, aliases[i].iconv, strlen(aliases[i].iconv));
			memcpy(out->told, aliases[i].told, strlen(aliases[i].told));
			return true;
		}
	*out = (struct charset){0};
	for (size_t i = 0; i < label.n; i++)
		out->told[i] = wn_lower(label.p[i]), out->iconv[i] = label.p[i];
	iconv_t cd = iconv_open("UTF-8", out->iconv);
	if (cd == (iconv_t)-1) /* x-gbk, x-mac-roman: from before they were registered */
		return label.n > 2 && same_name("x-", (struct wn_str){label.p, 2}) && charset_named((struct wn_str){label.p + 2, label.n - 2}, out);
	iconv_close(cd);
	return true;
}

struct wn_str wn_media_parameter(struct wn_str media_type, const char *name)
{
	const char *p = media_type.p, *end = p + media_type.n;

	while (p && (p = memchr(p, ';', (size_t)(end - p)))) {
		const char *key = ++p, *eq, *stop;

		while (key < end && (wn_feed_is_space(*key) || *key == ';'))
			key++;
		stop = memchr(key, ';', (size_t)(end - key));
		stop = stop ? stop : end;
		eq = memchr(key, '=', (size_t)(stop - key));
		if (!eq || !same_name(name, wn_text_trim((struct wn_str){key, (size_t)(eq - key)})))
			continue;
		struct wn_str value = wn_text_trim((struct wn_str){eq + 1, (size_t)(stop - eq - 1)});
		while (value.n && strchr("\"' ", value.p[0]))
			value.p++, value.n--;
		while (value.n && strchr("\"' ", value.p[value.n - 1]))
			value.n--;
		return value;
	}
	return (struct wn_str){NULL, 0};
}

/* encoding="..." of the XML declaration, which comments and blanks may precede in the wild. */
static struct wn_str declared(struct wn_str s)
{
	enum { LOOK = 4096 };
	const char *p = memmem(s.p, s.n < LOOK ? s.n : LOOK, "<?xml", 5), *end, *e;

	if (!p || !(end = memmem(p, (size_t)(s.p + s.n - p), "?>", 2)) || end - p > LOOK)
		return (struct wn_str){NULL, 0};
	e = memmem(p, (size_t)(end - p), "encoding", 8);
	if (!e)
		return (struct wn_str){NULL, 0};
	for (e += 8; e < end && (wn_feed_is_space(*e) || *e == '='); e++)
		;
	if (e == end || (*e != '"' && *e != '\''))
		return (struct wn_str){NULL, 0};
	const char *close = memchr(e + 1, *e, (size_t)(end - e - 1));
	return close ? (struct wn_str){e + 1, (size_t)(close - e - 1)} : (struct wn_str){NULL, 0};
}

static void put_name(struct wn_decoded *out, const char *name)
{
	size_t n = strlen(name);

	memset(out->encoding, 0, sizeof(out->encoding));
	memcpy(out->encoding, name, n < sizeof(out->encoding) ? n : sizeof(out->encoding) - 1);
}

/* Length of the well-formed UTF-8 sequence at p (Unicode 15, table 3-7), 0 if there is none. */
static size_t sequence_at(const uint8_t *p, const uint8_t *end)
{
	size_t n = *p < 0x80                  ? 1
		   : *p >= 0xC2 && *p <= 0xDF ? 2
		   : *p >= 0xE0 && *p <= 0xEF ? 3
		   : *p >= 0xF0 && *p <= 0xF4 ? 4
					      : 0;

	if (!n || (size_t)(end - p) < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) || (*p == 0xF0 && p[1] < 0x90) ||
	    (*p == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

/* Bytes that are no UTF-8 are windows-1252, one by one: right for a text that is wholly the one or the other,
 * and for the mixtures that templates make of both. */
static enum wn_rc repair_utf8(struct wn_str s, struct wn_decoded *out, struct wn_err *err)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	size_t bad = 0, multi = 0, n;

	for (const uint8_t *q = p; q < end; q += n ? n : 1) {
		n = sequence_at(q, end);
		bad += !n;
		multi += n > 1;
	}
	char *text = wn_try_alloc(s.n + 2 * bad + 1), *o = text;
	if (!text)
		return wn_fail(err, WN_LIMIT, "no memory for %zu bytes of text", s.n);
	for (; p < end; p += n ? n : 1) {
		n = sequence_at(p, end);
		if (!n)
			o += wn_utf8_put(wn_cp1252(*p), o);
		else
			memcpy(o, p, n), o += n;
	}
	out->text = (struct wn_str){text, (size_t)(o - text)};
	out->owned = text;
	out->repaired = true;
	put_name(out, multi > bad ? "utf-8" : "windows-1252");
	return WN_OK;
}

/* One pass of iconv. With `strict` the first bad sequence ends it (false); else it becomes U+FFFD. */
static bool convert(struct wn_str s, const char *from, bool strict, struct wn_decoded *out)
{
	iconv_t cd = iconv_open("UTF-8", from);
	struct wn_buf b;
	char block[16384], *in = (char *)(uintptr_t)s.p;
	size_t left = s.n, bad = 0;

	if (cd == (iconv_t)-1)
		return false;
	wn_buf_init(&b, DECODED_MAX);
	while (left && !wn_buf_overflowed(&b)) {
		char *o = block;
		size_t room = sizeof(block);
		size_t rc = iconv(cd, &in, &left, &o, &room);
		int why = rc == (size_t)-1 ? errno : 0;

		wn_buf_add(&b, block, (size_t)(o - block));
		if (why != EILSEQ && why != EINVAL)
			continue;
		bad++;
		if (strict)
			break;
		/* windows-125x leaves some bytes without a character: they are the C1 controls. */
		if (!strncmp(from, "CP125", 5))
			wn_buf_add(&b, block, wn_utf8_put((uint8_t)*in, block));
		else
			wn_buf_text(&b, "\xEF\xBF\xBD");
		in++, left--;
	}
	char *o = block;
	size_t room = sizeof(block);
	(void)iconv(cd, NULL, NULL, &o, &room); /* some decoders hold back a letter that may take an accent */
	wn_buf_add(&b, block, (size_t)(o - block));
	iconv_close(cd);
	if ((strict && bad) || wn_buf_overflowed(&b)) {
		wn_buf_done(&b);
		return false;
	}
	size_t n = b.n;
	char *text = wn_buf_take(&b);
	out->text = (struct wn_str){text, n};
	out->owned = text;
	out->repaired = bad > 0;
	return true;
}

static enum wn_rc use_utf8(struct wn_str s, const char *told, struct wn_decoded *out, struct wn_err *err)
{
	if (!wn_text_is_utf8(s))
		return repair_utf8(s, out, err);
	out->text = s;
	put_name(out, told);
	return WN_OK;
}

static bool is_utf8_name(const struct charset *c)
{
	return !strcmp(c->iconv, "UTF-8");
}

/* A one-byte witness about text that has a NUL in every second place, or the other way round, has not looked.
 */
static bool is_wide(const struct charset *c)
{
	return !strncasecmp(c->iconv, "UTF-16", 6) || !strncasecmp(c->iconv, "UTF-32", 6) ||
	       !strncasecmp(c->iconv, "UCS", 3) || !strncasecmp(c->iconv, "ISO-10646", 9) ||
	       !strncasecmp(c->iconv, "UTF-7", 5);
}

static bool is_ascii(struct wn_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Byte order marks, and the look of "<" or "{" in wide encodings without one (XML 1.0, appendix F). */
static const struct mark {
	const char *bytes;
	uint8_t n, skip;
	const char *iconv, *told;
} marks[] = {
    {"\xEF\xBB\xBF", 3, 3, "UTF-8", "utf-8"},       {"\xFF\xFE\0\0", 4, 4, "UTF-32LE", "utf-32le"},
    {"\0\0\xFE\xFF", 4, 4, "UTF-32BE", "utf-32be"}, {"\xFF\xFE", 2, 2, "UTF-16LE", "utf-16le"},
    {"\xFE\xFF", 2, 2, "UTF-16BE", "utf-16be"},     {"<\0\0\0", 4, 0, "UTF-32LE", "utf-32le"},
    {"\0\0\0<", 4, 0, "UTF-32BE", "utf-32be"},      {"<\0", 2, 0, "UTF-16LE", "utf-16le"},
    {"\0<", 2, 0, "UTF-16BE", "utf-16be"},          {"{\0", 2, 0, "UTF-16LE", "utf-16le"},
    {"\0{", 2, 0, "UTF-16BE", "utf-16be"},          {"[\0", 2, 0, "UTF-16LE", "utf-16le"},
    {"\0[", 2, 0, "UTF-16BE", "utf-16be"},
};

static enum wn_rc decode_marked(struct wn_str s, const struct mark *m, struct wn_decoded *out,
				struct wn_err *err)
{
	s.p += m->skip;
	s.n -= m->skip;
	if (!strcmp(m->iconv, "UTF-8"))
		return use_utf8(s, m->told, out, err);
	if (!convert(s, m->iconv, false, out))
		return wn_fail(err, WN_LIMIT, "text in %s is too large", m->told);
	put_name(out, m->told);
	return WN_OK;
}

/* EBCDIC: "<?xm" is 4C 6F A7 94. The declaration, read as code page 37, names the true code page. */
static bool decode_ebcdic(struct wn_str s, struct wn_decoded *out)
{
	struct wn_decoded head = {0};
	struct charset c = {"CP037", "cp037"};

	if (s.n < 4 || memcmp(s.p, "\x4C\x6F\xA7\x94", 4) != 0)
		return false;
	if (convert((struct wn_str){s.p, s.n < 200 ? s.n : 200}, "CP037", false, &head)) {
		struct charset named;
		if (charset_named(declared(head.text), &named) && !is_utf8_name(&named) && !is_wide(&named))
			c = named;
		free((void *)(uintptr_t)head.owned);
	}
	if (!convert(s, c.iconv, false, out))
		return false;
	put_name(out, c.told);
	return true;
}

/* The witnesses without a mark, in order; the first that holds is believed. */
static enum wn_rc decode_witnessed(struct wn_str s, const struct charset *witness, size_t n,
				   struct wn_decoded *out, struct wn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (is_utf8_name(&witness[i])) {
			if (!wn_text_is_utf8(s))
				continue;
			return use_utf8(s,
					witness[i].told[0] == 'u' && witness[i].told[1] == 's' && !is_ascii(s)
					    ? "utf-8"
					    : witness[i].told,
					out, err);
		}
		if (convert(s, witness[i].iconv, strncmp(witness[i].iconv, "CP125", 5) != 0, out)) {
			put_name(out, witness[i].told);
			out->repaired = false;
			return WN_OK;
		}
	}
	if (wn_text_is_utf8(s) || !n || is_utf8_name(&witness[0]))
		return use_utf8(s, "utf-8", out, err);
	if (!convert(s, witness[0].iconv, false, out))
		return use_utf8(s, "utf-8", out, err);
	put_name(out, witness[0].told);
	return WN_OK;
}

enum wn_rc wn_charset_decode(struct wn_str bytes, struct wn_str content_type, bool xml, struct wn_decoded *out,
			     struct wn_err *err)
{
	struct wn_decoded d = {0};
	struct charset witness[2];
	size_t n = 0;
	enum wn_rc rc;

	for (size_t i = 0; i < WN_COUNT(marks); i++)
		if (bytes.n >= marks[i].n && !memcmp(bytes.p, marks[i].bytes, marks[i].n)) {
			rc = decode_marked(bytes, &marks[i], &d, err);
			goto done;
		}
	if (decode_ebcdic(bytes, &d)) {
		rc = WN_OK;
		goto done;
	}
	bool contradicted = wn_text_is_utf8(bytes) && !is_ascii(bytes);
	if (charset_named(wn_media_parameter(content_type, "charset"), &witness[n]) && !is_wide(&witness[n]) &&
	    (is_utf8_name(&witness[n]) || !contradicted))
		n++;
	if (xml && charset_named(declared(bytes), &witness[n]) && !is_wide(&witness[n]))
		n++;
	rc = decode_witnessed(bytes, witness, n, &d, err);
done:
	if (rc == WN_OK)
		*out = d;
	return rc;
}
