/* SPDX-License-Identifier: MIT */
/* Where addresses lead. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_special_range_is_known_to_its_edges),
	    cmocka_unit_test(only_private_kinds_are_opened_by_allow_private),
	    cmocka_unit_test(what_is_no_internet_address_is_never_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
