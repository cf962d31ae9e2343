/* SPDX-License-Identifier: MIT */
#include "daemon.h"

int main(int argc, char **argv)
{
	return wn_daemon_main(argc, argv);
}
