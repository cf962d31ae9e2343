/* SPDX-License-Identifier: MIT */
/*
 * Conversions between types, type(), dyn(), size(). What does not fit is an error, never a wrapped number.
 */
#include "cel_internal.h"

#include <math.h>

struct wn_str cel_type_ident(const struct cel_type *t)
{
	static const char *const names[] = {
		[CEL_DYN] = "dyn", [CEL_NULL] = "null_type", [CEL_BOOL] = "bool", [CEL_INT] = "int", [CEL_UINT] = "uint",
		[CEL_DOUBLE] = "double", [CEL_STRING] = "string", [CEL_BYTES] = "bytes", [CEL_TIMESTAMP] = "google.protobuf.Timestamp",
		[CEL_DURATION] = "google.protobuf.Duration", [CEL_LIST] = "list", [CEL_MAP] = "map", [CEL_TYPE] = "type",
		[CEL_OPTIONAL] = "optional_type",
	};

	if (t->kind == CEL_OPAQUE && t->name)
		return wn_str_of(t->name);
	return wn_str_of((size_t)t->kind < WN_COUNT(names) && names[t->kind] ? names[t->kind] : "dyn");
}

const char *cel_type_name_of(struct wn_value v)
{
	static const char *const names[] = {
		[WN_ABSENT] = "absent", [WN_NULL] = "null_type", [WN_BOOL] = "bool", [WN_INT] = "int", [WN_UINT] = "uint",
		[WN_DOUBLE] = "double", [WN_STRING] = "string", [WN_BYTES] = "bytes", [WN_TIMESTAMP] = "google.protobuf.Timestamp",
		[WN_DURATION] = "google.protobuf.Duration", [WN_LIST] = "list", [WN_MAP] = "map", [WN_TYPE] = "type",
		[WN_OPTIONAL] = "optional_type",
	};

	if (v.kind == WN_OBJECT)
		return v.object ? v.object->cls->name : "object";
	return v.kind < WN_COUNT(names) ? names[v.kind] : "dyn";
}

static bool give(struct wn_value *out, struct wn_value v)
{
	*out = v;
	return true;
}

static bool range(struct cel_run *r, const struct cel_node *n) { return cel_fail(r, n, "the number is out of range"); }

/* --- numbers ----------------------------------------------------------------------------------------- */
static bool to_int(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	int64_t i;

	switch (v->kind) {
	case WN_INT: return give(out, *v);
	case WN_UINT: return v->u <= INT64_MAX ? give(out, wn_int((int64_t)v->u)) : range(r, n);
	case WN_DOUBLE: return v->d > -0x1p63 && v->d < 0x1p63 ? give(out, wn_int((int64_t)v->d)) : range(r, n);
	case WN_TIMESTAMP: return give(out, wn_int(v->i));
	case WN_STRING: return cel_int_parse(wn_value_str(*v), &i) ? give(out, wn_int(i)) : cel_fail_with(r, n, "this text is no int", *v);
	default: return cel_no_overload(r, n);
	}
}

static bool to_uint(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	uint64_t u;

	switch (v->kind) {
	case WN_UINT: return give(out, *v);
	case WN_INT: return v->i >= 0 ? give(out, wn_uint((uint64_t)v->i)) : range(r, n);
	case WN_DOUBLE: return v->d >= 0 && v->d < 0x1p64 ? give(out, wn_uint((uint64_t)v->d)) : range(r, n);
	case WN_STRING: return cel_uint_parse(wn_value_str(*v), &u) ? give(out, wn_uint(u)) : cel_fail_with(r, n, "this text is no uint", *v);
	default: return cel_no_overload(r, n);
	}
}

static bool to_double(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	double d;

	switch (v->kind) {
	case WN_DOUBLE: return give(out, wn_double(v->d));
	case WN_INT: return give(out, wn_double((double)v->i));
	case WN_UINT: return give(out, wn_double((double)v->u));
	case WN_STRING: return cel_double_parse(wn_value_str(*v), &d) ? give(out, wn_double(d)) : cel_fail_with(r, n, "this text is no double", *v);
	default: return cel_no_overload(r, n);
	}
}

static bool to_bool(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	static const char *const words[2][6] = {{"false", "False", "FALSE", "f", "F", "0"}, {"true", "True", "TRUE", "t", "T", "1"}};

	if (v->kind == WN_BOOL)
		return give(out, *v);
	if (v->kind != WN_STRING)
		return cel_no_overload(r, n);
	for (int b = 0; b < 2; b++)
		for (size_t i = 0; i < WN_COUNT(words[b]); i++)
			if (wn_str_is(wn_value_str(*v), words[b][i]))
				return give(out, wn_bool(b));
	return cel_fail_with(r, n, "this text is no bool", *v);
}

/* --- text -------------------------------------------------------------------------------------------- */
static bool bytes_to_string(struct cel_run *r, const struct cel_node *n, struct wn_value v, struct wn_value *out)
{
	if (!cel_charge(r, n, v.n / 64))
		return false;
	if (!cel_utf8_valid(wn_value_str(v)))
		return cel_fail(r, n, "the bytes are not valid UTF-8");
	return give(out, wn_string(wn_value_str(v)));
}

static bool to_string(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	char text[64];
	size_t len = 0;
	struct wn_buf b;

	switch (v->kind) {
	case WN_STRING: return give(out, *v);
	case WN_BYTES: return bytes_to_string(r, n, *v, out);
	case WN_BOOL: return give(out, wn_cstring(v->b ? "true" : "false"));
	case WN_DOUBLE: len = cel_double_print(v->d, text); break;
	case WN_TIMESTAMP: len = cel_timestamp_print(*v, text); break;
	case WN_DURATION: len = cel_duration_print(*v, text); break;
	case WN_INT:
	case WN_UINT:
		wn_buf_init(&b, sizeof(text));
		cel_literal_print(&b, *v);
		len = b.n - (v->kind == WN_UINT);
		memcpy(text, b.p, len);
		wn_buf_done(&b);
		break;
	default: len = cel_net_print(*v, text); break;
	}
	if (len == 0)
		return cel_no_overload(r, n);
	return cel_bytes_value(r, n, WN_STRING, text, len, out);
}

static bool to_bytes(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v->kind != WN_STRING && v->kind != WN_BYTES)
		return cel_no_overload(r, n);
	*out = *v;
	out->kind = WN_BYTES;
	return true;
}

/* --- times ------------------------------------------------------------------------------------------- */
static bool to_timestamp(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	switch (v->kind) {
	case WN_TIMESTAMP: return give(out, *v);
	case WN_INT: return cel_timestamp_make(v->i, 0, out) || range(r, n);
	case WN_STRING: return cel_timestamp_parse(wn_value_str(*v), out) || cel_fail_with(r, n, "this text is no timestamp (RFC 3339)", *v);
	default: return cel_no_overload(r, n);
	}
}

static bool to_duration(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	if (v->kind == WN_DURATION)
		return give(out, *v);
	if (v->kind != WN_STRING)
		return cel_no_overload(r, n);
	return cel_duration_parse(wn_value_str(*v), out) || cel_fail_with(r, n, "this text is no duration (such as 1h30m)", *v);
}

/* --- the rest ---------------------------------------------------------------------------------------- */
static bool to_dyn(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	(void)r;
	(void)n;
	return give(out, *v);
}

static bool type_of(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	(void)r;
	(void)n;
	*out = wn_cstring(cel_type_name_of(*v));
	out->kind = WN_TYPE;
	return true;
}

static bool size(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	switch (v->kind) {
	case WN_STRING: return cel_charge(r, n, v->n / 64) && give(out, wn_int((int64_t)cel_utf8_count(wn_value_str(*v))));
	case WN_BYTES:
	case WN_LIST:
	case WN_MAP: return give(out, wn_int(v->n));
	default: return cel_no_overload(r, n);
	}
}

const struct cel_row cel_rows_convert[] = {
	{"int", "i>i u>i d>i s>i t>i", to_int},
	{"uint", "u>u i>u d>u s>u", to_uint},
	{"double", "d>d i>d u>d s>d", to_double},
	{"bool", "b>b s>b", to_bool},
	{"string", "s>s i>s u>s d>s b>s y>s t>s D>s I>s R>s", to_string},
	{"bytes", "y>y s>y", to_bytes},
	{"timestamp", "t>t s>t i>t", to_timestamp},
	{"duration", "D>D s>D", to_duration},
	{"dyn", "A>*", to_dyn},
	{"type", "A>Y", type_of},
	{"size", "s>i y>i LA>i MAB>i .s>i .y>i .LA>i .MAB>i", size},
	{0},
};
