# SPDX-License-Identifier: MIT
# Where the parts of an installation go. Paths under /usr and /etc are those of Debian.
install(FILES systemd/whynowd.service DESTINATION /lib/systemd/system)
install(FILES systemd/whynow.sysusers DESTINATION /usr/lib/sysusers.d RENAME whynow.conf)
install(FILES systemd/whynow.catalog DESTINATION /usr/lib/systemd/catalog)
install(FILES conf/whynow.yaml DESTINATION /etc/whynow)
install(DIRECTORY DESTINATION /etc/whynow/feeds.d)
install(DIRECTORY DESTINATION /etc/whynow/sinks.d)
install(DIRECTORY DESTINATION /etc/whynow/kinds.d)
install(DIRECTORY conf/kinds.d conf/traits.d conf/extract DESTINATION /usr/share/whynow)
install(DIRECTORY conf/feeds.d/ DESTINATION /usr/share/whynow/feeds.examples)
install(DIRECTORY conf/sinks.d/ DESTINATION /usr/share/whynow/sinks.examples)
install(DIRECTORY conf/segments/ DESTINATION /usr/share/whynow/segments)
