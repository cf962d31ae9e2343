/* SPDX-License-Identifier: MIT */
/*
 * Extension "net": addresses (net.IP) and ranges of them (net.CIDR), as in the network extension of cel-go.
 *
 * Both are objects in the arena of the evaluation, equal by value. Reading is strict: no zone, no leading zero, no
 * IPv4 address in dots inside a mapped IPv6 one; the mapped address in hexadecimal is the IPv4 address it stands for.
 */
#include "cel_internal.h"

#include <arpa/inet.h>
#include <stdio.h>

struct cel_net {
	struct wn_object object;
	uint8_t bytes;    /* 4 or 16 */
	uint8_t prefix;   /* range: leading bits */
	uint8_t b[16];
};

/* --- values ------------------------------------------------------------------------------------------ */
static bool no_field(const struct wn_object *self, uint32_t field, struct wn_value *out)
{
	(void)self;
	(void)field;
	(void)out;
	return false;
}

static bool same(const struct wn_object *a, const struct wn_object *b)
{
	const struct cel_net *x = (const struct cel_net *)a, *y = (const struct cel_net *)b;

	return x->bytes == y->bytes && x->prefix == y->prefix && memcmp(x->b, y->b, x->bytes) == 0;
}

static const struct wn_class ip_class = {.name = "net.IP", .get = no_field, .equal = same};
static const struct wn_class range_class = {.name = "net.CIDR", .get = no_field, .equal = same};

static const struct cel_net *held(struct wn_value v, const struct wn_class *cls)
{
	return v.kind == WN_OBJECT && v.object && v.object->cls == cls ? (const struct cel_net *)v.object : NULL;
}

static bool give(struct cel_run *r, const struct cel_node *n, const struct wn_class *cls, struct cel_net net, struct wn_value *out)
{
	struct cel_net *kept = cel_take(r, n, sizeof(*kept));

	if (!kept)
		return false;
	*kept = net;
	kept->object.cls = cls;
	*out = wn_object_value(&kept->object);
	return true;
}

static bool give_bool(struct wn_value *out, bool b)
{
	*out = wn_bool(b);
	return true;
}

/* --- from text --------------------------------------------------------------------------------------- */
static bool is_mapped(const uint8_t b[16])
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(b, head, sizeof(head)) == 0;
}

/* NULL, or why the text is no address. `mapped`: a mapped address written in hexadecimal is read as IPv4. */
static const char *read_ip(struct wn_str s, bool mapped, struct cel_net *out)
{
	char text[INET6_ADDRSTRLEN];
	bool v6 = s.n && memchr(s.p, ':', s.n);

	if (s.n && memchr(s.p, '%', s.n))
		return "an IP address with a zone is not allowed";
	if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, 0, s.n))
		return "this text is no IP address";
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	*out = (struct cel_net){.bytes = v6 ? 16 : 4};
	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, out->b) != 1)
		return "this text is no IP address";
	if (!v6 || !is_mapped(out->b))
		return NULL;
	if (!mapped || memchr(s.p, '.', s.n))
		return "an IPv4 address inside an IPv6 one is not allowed";
	memmove(out->b, out->b + 12, 4);
	memset(out->b + 4, 0, 12);
	out->bytes = 4;
	return NULL;
}

static const char *read_range(struct wn_str s, struct cel_net *out)
{
	const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL, *why;
	struct wn_str bits;
	unsigned prefix = 0;

	if (!slash)
		return "this text is no range of addresses (192.0.2.0/24)";
	bits = (struct wn_str){slash + 1, (size_t)(s.p + s.n - slash - 1)};
	if (bits.n == 0 || bits.n > 3 || (bits.n > 1 && bits.p[0] == '0'))
		return "a range of addresses needs the number of its leading bits";
	for (size_t i = 0; i < bits.n; i++) {
		if (bits.p[i] < '0' || bits.p[i] > '9')
			return "a range of addresses needs the number of its leading bits";
		prefix = prefix * 10 + (unsigned)(bits.p[i] - '0');
	}
	why = read_ip((struct wn_str){s.p, (size_t)(slash - s.p)}, false, out);
	if (!why && prefix > out->bytes * 8u)
		why = "a range of addresses has at most 32 leading bits, of IPv6 128";
	out->prefix = why ? 0 : (uint8_t)prefix;
	return why;
}

/* The address or range that an argument is or is written as. */
static bool take(struct cel_run *r, const struct cel_node *n, struct wn_value v, const struct wn_class *cls, struct cel_net *out)
{
	const struct cel_net *net = held(v, cls);
	const char *why;

	if (net) {
		*out = *net;
		return true;
	}
	if (v.kind != WN_STRING)
		return cel_no_overload(r, n);
	why = cls == &ip_class ? read_ip(wn_value_str(v), true, out) : read_range(wn_value_str(v), out);
	return why ? cel_fail_with(r, n, why, v) : true;
}

/* --- to text (RFC 5952) ------------------------------------------------------------------------------ */
/* The longest run of zero groups, the first of several; one group alone is not shortened. */
static void longest_zeros(const uint8_t b[16], int *from, int *n)
{
	*from = 8;
	*n = 1;
	for (int i = 0; i < 8; i++) {
		int j = i;

		while (j < 8 && b[2 * j] == 0 && b[2 * j + 1] == 0)
			j++;
		if (j - i > *n) {
			*from = i;
			*n = j - i;
		}
	}
}

static size_t print_ip(const struct cel_net *net, char *dst, size_t size)
{
	int from, n;
	size_t len = 0;

	if (net->bytes == 4)
		return (size_t)snprintf(dst, size, "%u.%u.%u.%u", net->b[0], net->b[1], net->b[2], net->b[3]);
	longest_zeros(net->b, &from, &n);
	for (int i = 0; i < 8; i++) {
		if (i == from) {
			len += (size_t)snprintf(dst + len, size - len, "::");
			i += n - 1;
		} else {
			len += (size_t)snprintf(dst + len, size - len, "%s%x", i && i != from + n ? ":" : "",
						(unsigned)net->b[2 * i] << 8 | net->b[2 * i + 1]);
		}
	}
	return len;
}

size_t cel_net_print(struct wn_value v, char dst[64])
{
	const struct cel_net *net = held(v, &ip_class), *range = held(v, &range_class);
	size_t len;

	if (!net && !range)
		return 0;
	len = print_ip(net ? net : range, dst, 64);
	return range ? len + (size_t)snprintf(dst + len, 64 - len, "/%u", range->prefix) : len;
}

/* --- functions --------------------------------------------------------------------------------------- */
static bool to_ip(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_net net;

	return take(r, n, *v, &ip_class, &net) && give(r, n, &ip_class, net, out);
}

static bool to_range(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_net net;

	return take(r, n, *v, &range_class, &net) && give(r, n, &range_class, net, out);
}

static bool is_ip(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_net net;

	return v->kind == WN_STRING ? give_bool(out, !read_ip(wn_value_str(*v), true, &net)) : cel_no_overload(r, n);
}

static bool is_range(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_net net;

	return v->kind == WN_STRING ? give_bool(out, !read_range(wn_value_str(*v), &net)) : cel_no_overload(r, n);
}

static bool is_canonical(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	struct cel_net net;
	char text[64];

	if (v->kind != WN_STRING)
		return cel_no_overload(r, n);
	return take(r, n, *v, &ip_class, &net) &&
	       give_bool(out, wn_str_eq((struct wn_str){text, print_ip(&net, text, sizeof(text))}, wn_value_str(*v)));
}

static bool family(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	const struct cel_net *net = held(*v, &ip_class);

	if (!net)
		return cel_no_overload(r, n);
	*out = wn_int(net->bytes == 4 ? 4 : 6);
	return true;
}

static bool unspecified(const struct cel_net *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, a->bytes) == 0;
}

static bool loopback(const struct cel_net *a)
{
	static const uint8_t one[16] = {[15] = 1};

	return a->bytes == 4 ? a->b[0] == 127 : memcmp(a->b, one, 16) == 0;
}

static bool link_local_unicast(const struct cel_net *a)
{
	return a->bytes == 4 ? a->b[0] == 169 && a->b[1] == 254 : a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static bool link_local_multicast(const struct cel_net *a)
{
	return a->bytes == 4 ? a->b[0] == 224 && a->b[1] == 0 && a->b[2] == 0 : a->b[0] == 0xff && (a->b[1] & 0x0f) == 2;
}

static bool global_unicast(const struct cel_net *a)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};
	bool multicast = a->bytes == 4 ? a->b[0] >> 4 == 14 : a->b[0] == 0xff;

	return !multicast && !(a->bytes == 4 && memcmp(a->b, broadcast, 4) == 0) && !unspecified(a) && !loopback(a) && !link_local_unicast(a);
}

static bool ask(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	static const struct { const char *name; bool (*is)(const struct cel_net *); } questions[] = {
		{"isUnspecified", unspecified}, {"isLoopback", loopback}, {"isGlobalUnicast", global_unicast},
		{"isLinkLocalUnicast", link_local_unicast}, {"isLinkLocalMulticast", link_local_multicast},
	};
	const struct cel_net *net = held(*v, &ip_class);

	for (size_t i = 0; net && i < WN_COUNT(questions); i++)
		if (wn_str_is(n->name, questions[i].name))
			return give_bool(out, questions[i].is(net));
	return cel_no_overload(r, n);
}

/* Does the address lie in the range? Of another family never. */
static bool covers(const struct cel_net *range, const struct cel_net *a)
{
	unsigned whole = range->prefix / 8u, rest = range->prefix % 8u;

	return range->bytes == a->bytes && memcmp(range->b, a->b, whole) == 0 &&
	       (rest == 0 || (range->b[whole] ^ a->b[whole]) >> (8 - rest) == 0);
}

static bool contains_ip(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	const struct cel_net *range = held(v[0], &range_class);
	struct cel_net a;

	if (!range)
		return cel_no_overload(r, n);
	return take(r, n, v[1], &ip_class, &a) && give_bool(out, covers(range, &a));
}

static bool contains_range(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	const struct cel_net *range = held(v[0], &range_class);
	struct cel_net a;

	if (!range)
		return cel_no_overload(r, n);
	return take(r, n, v[1], &range_class, &a) && give_bool(out, range->prefix <= a.prefix && covers(range, &a));
}

static bool first_ip(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	const struct cel_net *range = held(*v, &range_class);
	struct cel_net a;

	if (!range)
		return cel_no_overload(r, n);
	a = *range;
	a.prefix = 0;
	return give(r, n, &ip_class, a, out);
}

static bool masked(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	const struct cel_net *range = held(*v, &range_class);
	struct cel_net a;

	if (!range)
		return cel_no_overload(r, n);
	a = *range;
	for (unsigned bit = a.prefix; bit < a.bytes * 8u; bit++)
		a.b[bit / 8] &= (uint8_t)~(0x80u >> bit % 8);
	return give(r, n, &range_class, a, out);
}

static bool prefix_length(struct cel_run *r, const struct cel_node *n, const struct wn_value *v, struct wn_value *out)
{
	const struct cel_net *range = held(*v, &range_class);

	if (!range)
		return cel_no_overload(r, n);
	*out = wn_int(range->prefix);
	return true;
}

const struct cel_row cel_rows_ext_net[] = {
	{"ip", "s>I", to_ip},
	{"ip", ".R>I", first_ip},
	{"isIP", "s>b", is_ip},
	{"ip.isCanonical", "s>b", is_canonical},
	{"cidr", "s>R", to_range},
	{"isCIDR", "s>b", is_range},
	{"family", ".I>i", family},
	{"isUnspecified", ".I>b", ask},
	{"isLoopback", ".I>b", ask},
	{"isGlobalUnicast", ".I>b", ask},
	{"isLinkLocalUnicast", ".I>b", ask},
	{"isLinkLocalMulticast", ".I>b", ask},
	{"containsIP", ".RI>b .Rs>b", contains_ip},
	{"containsCIDR", ".RR>b .Rs>b", contains_range},
	{"masked", ".R>R", masked},
	{"prefixLength", ".R>i", prefix_length},
	{0},
};
