/* SPDX-License-Identifier: MIT */
/* Where addresses lead. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants the four first */
#include <cmocka.h>
#include <whynow/address.h>

static enum wn_address_class classify(const char *text)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
		return wn_address_classify((struct sockaddr *)&in4, sizeof(in4));
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
		fail_msg("%s", text);
	return wn_address_classify((struct sockaddr *)&in6, sizeof(in6));
}

static void every_special_range_is_known_to_its_edges(void **state)
{
	static const struct {
		const char *text;
		enum wn_address_class cls;
	} cases[] = {
	    {"8.8.8.8", WN_ADDRESS_PUBLIC},
	    {"0.0.0.0", WN_ADDRESS_UNSPECIFIED},
	    {"0.255.255.255", WN_ADDRESS_UNSPECIFIED},
	    {"1.0.0.0", WN_ADDRESS_PUBLIC},
	    {"9.255.255.255", WN_ADDRESS_PUBLIC},
	    {"10.0.0.0", WN_ADDRESS_PRIVATE},
	    {"10.255.255.255", WN_ADDRESS_PRIVATE},
	    {"11.0.0.0", WN_ADDRESS_PUBLIC},
	    {"100.63.255.255", WN_ADDRESS_PUBLIC},
	    {"100.64.0.0", WN_ADDRESS_SHARED},
	    {"100.127.255.255", WN_ADDRESS_SHARED},
	    {"100.128.0.0", WN_ADDRESS_PUBLIC},
	    {"127.0.0.1", WN_ADDRESS_LOOPBACK},
	    {"127.255.255.255", WN_ADDRESS_LOOPBACK},
	    {"128.0.0.0", WN_ADDRESS_PUBLIC},
	    {"169.254.169.254", WN_ADDRESS_LINK_LOCAL},
	    {"169.253.255.255", WN_ADDRESS_PUBLIC},
	    {"172.15.255.255", WN_ADDRESS_PUBLIC},
	    {"172.16.0.0", WN_ADDRESS_PRIVATE},
	    {"172.31.255.255", WN_ADDRESS_PRIVATE},
	    {"172.32.0.0", WN_ADDRESS_PUBLIC},
	    {"192.0.0.8", WN_ADDRESS_RESERVED},
	    {"192.0.1.0", WN_ADDRESS_PUBLIC},
	    {"192.0.2.1", WN_ADDRESS_RESERVED},
	    {"192.88.99.1", WN_ADDRESS_RESERVED},
	    {"192.168.0.1", WN_ADDRESS_PRIVATE},
	    {"192.169.0.0", WN_ADDRESS_PUBLIC},
	    {"198.18.0.1", WN_ADDRESS_RESERVED},
	    {"198.19.255.255", WN_ADDRESS_RESERVED},
	    {"198.20.0.0", WN_ADDRESS_PUBLIC},
	    {"198.51.100.7", WN_ADDRESS_RESERVED},
	    {"203.0.113.7", WN_ADDRESS_RESERVED},
	    {"223.255.255.255", WN_ADDRESS_PUBLIC},
	    {"224.0.0.1", WN_ADDRESS_MULTICAST},
	    {"239.255.255.255", WN_ADDRESS_MULTICAST},
	    {"240.0.0.1", WN_ADDRESS_RESERVED},
	    {"255.255.255.255", WN_ADDRESS_RESERVED},
	    {"::", WN_ADDRESS_UNSPECIFIED},
	    {"::1", WN_ADDRESS_LOOPBACK},
	    {"::2", WN_ADDRESS_UNSPECIFIED}, /* compatible form of 0.0.0.2 */
	    {"2600::1", WN_ADDRESS_PUBLIC},
	    {"2001:4860:4860::8888", WN_ADDRESS_PUBLIC},
	    {"fc00::1", WN_ADDRESS_PRIVATE},
	    {"fdff::1", WN_ADDRESS_PRIVATE},
	    {"fe80::1", WN_ADDRESS_LINK_LOCAL},
	    {"febf::1", WN_ADDRESS_LINK_LOCAL},
	    {"fec0::1", WN_ADDRESS_PRIVATE},
	    {"ff02::1", WN_ADDRESS_MULTICAST},
	    {"100::1", WN_ADDRESS_RESERVED},
	    {"2001::1", WN_ADDRESS_RESERVED}, /* Teredo */
	    {"2001:db8::1", WN_ADDRESS_RESERVED},
	    {"3fff::1", WN_ADDRESS_RESERVED},
	    {"4000::1", WN_ADDRESS_RESERVED}, /* not assigned */
	    {"::ffff:127.0.0.1", WN_ADDRESS_LOOPBACK},
	    {"::ffff:8.8.8.8", WN_ADDRESS_PUBLIC},
	    {"::ffff:10.1.2.3", WN_ADDRESS_PRIVATE},
	    {"::127.0.0.1", WN_ADDRESS_LOOPBACK},
	    {"64:ff9b::a9fe:a9fe", WN_ADDRESS_LINK_LOCAL},
	    {"64:ff9b::808:808", WN_ADDRESS_PUBLIC},
	    {"64:ff9b:1::7f00:1", WN_ADDRESS_LOOPBACK},
	    {"2002:7f00:1::1", WN_ADDRESS_LOOPBACK},
	    {"2002:c0a8:101::", WN_ADDRESS_PRIVATE},
	    {"2002:808:808::1", WN_ADDRESS_PUBLIC},
	};

	(void)state;
	for (size_t i = 0; i < WN_COUNT(cases); i++)
		if (classify(cases[i].text) != cases[i].cls)
			fail_msg("%s is %s", cases[i].text, wn_address_class_to_text(classify(cases[i].text)));
}

static void only_private_kinds_are_opened_by_allow_private(void **state)
{
	(void)state;
	assert_true(wn_address_is_allowed(WN_ADDRESS_PUBLIC, false));
	assert_false(wn_address_is_allowed(WN_ADDRESS_LOOPBACK, false));
	assert_false(wn_address_is_allowed(WN_ADDRESS_PRIVATE, false));
	assert_false(wn_address_is_allowed(WN_ADDRESS_SHARED, false));
	assert_true(wn_address_is_allowed(WN_ADDRESS_LOOPBACK, true));
	assert_true(wn_address_is_allowed(WN_ADDRESS_PRIVATE, true));
	assert_true(wn_address_is_allowed(WN_ADDRESS_SHARED, true));
	assert_false(wn_address_is_allowed(WN_ADDRESS_LINK_LOCAL, true));
	assert_false(wn_address_is_allowed(WN_ADDRESS_MULTICAST, true));
	assert_false(wn_address_is_allowed(WN_ADDRESS_UNSPECIFIED, true));
	assert_false(wn_address_is_allowed(WN_ADDRESS_OTHER, true));
}

static void what_is_no_internet_address_is_never_allowed(void **state)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET};

	(void)state;
	assert_int_equal(wn_address_classify(NULL, 0), WN_ADDRESS_OTHER);
	assert_int_equal(wn_address_classify((struct sockaddr *)&in4, 4), WN_ADDRESS_OTHER);
	in4.sin_family = AF_UNIX;
	assert_int_equal(wn_address_classify((struct sockaddr *)&in4, sizeof(in4)), WN_ADDRESS_OTHER);
}

static bool has(const char *networks, const char *address)
{
	struct wn_network v[4];
	struct wn_networks all = {v, 0};
	struct sockaddr_storage sa;
	char text[200];

	snprintf(text, sizeof(text), "%s", networks);
	for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
		assert_true(wn_network_parse(wn_str_of(p), &v[all.n++]));
	assert_true(wn_address_of_host(address, &sa));
	return wn_networks_have(&all, (struct sockaddr *)&sa, sizeof(sa));
}

static void networks_hold_addresses_in_every_form_that_carries_them(void **state)
{
	(void)state;
	assert_true(has("10.1.0.0/16", "10.1.255.255"));
	assert_false(has("10.1.0.0/16", "10.2.0.0"));
	assert_true(has("192.168.1.0/25 10.1.0.0/16", "10.1.2.3"));
	assert_true(has("10.1.0.0/16", "[::ffff:10.1.2.3]"));
	assert_true(has("10.1.0.0/16", "[64:ff9b::a01:203]"));
	assert_true(has("10.1.2.3", "10.1.2.3"));
	assert_false(has("10.1.2.3", "10.1.2.2"));
	assert_true(has("0.0.0.0/0", "10.1.2.3"));
	assert_false(has("0.0.0.0/0", "[fd00::1]"));
	assert_true(has("fd00:1::/32", "[fd00:1:ffff::1]"));
	assert_false(has("fd00:1::/32", "[fd00:2::1]"));
	assert_false(has("fd00:1::/32", "10.1.2.3"));
	assert_true(has("fd00::1", "[fd00::1]"));
	assert_false(has("", "10.1.2.3"));
}

static void what_is_no_network_is_refused(void **state)
{
	static const char *const bad[] = {"", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/0008", "10.0.0", "fd00::/129", "office",
					  "10.0.0.0/8/8", " 10.0.0.0/8", "10.0.0.0.0/8", "::ffff:10.0.0.0:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19/128"};
	struct wn_network n;

	(void)state;
	for (size_t i = 0; i < WN_COUNT(bad); i++)
		if (wn_network_parse(wn_str_of(bad[i]), &n))
			fail_msg("%s", bad[i]);
	assert_false(wn_network_parse((struct wn_str){"10.0.0.0\0/8", 11}, &n));
}

static void a_host_that_is_an_address_is_known_in_every_spelling(void **state)
{
	static const char *const loopback[] = {"127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "[::1]", "::1",
					       "[::ffff:127.0.0.1]", "[::1%25eth0]", "localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost."};
	static const char *const names[] = {"example.com", "localhost.example.com", "notlocalhost", "127.0.0.1.example.com", "1.2.3.4.5", "", ".", "[", "a.b"};
	struct sockaddr_storage sa;

	(void)state;
	for (size_t i = 0; i < WN_COUNT(loopback); i++)
		if (!wn_address_of_host(loopback[i], &sa) || wn_address_classify((struct sockaddr *)&sa, sizeof(sa)) != WN_ADDRESS_LOOPBACK)
			fail_msg("%s", loopback[i]);
	for (size_t i = 0; i < WN_COUNT(names); i++)
		if (wn_address_of_host(names[i], &sa))
			fail_msg("%s", names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_special_range_is_known_to_its_edges),
	    cmocka_unit_test(only_private_kinds_are_opened_by_allow_private),
	    cmocka_unit_test(what_is_no_internet_address_is_never_allowed),
	    cmocka_unit_test(networks_hold_addresses_in_every_form_that_carries_them),
	    cmocka_unit_test(what_is_no_network_is_refused),
	    cmocka_unit_test(a_host_that_is_an_address_is_known_in_every_spelling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
