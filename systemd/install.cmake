# SPDX-License-Identifier: MIT
# Where the parts of an installation go; included by CMakeLists.txt. A service has one place on a machine: programs below
# the prefix, which is /usr here unless somebody says otherwise; everything else where systemd and Debian look for it.
# Nothing under /etc/whynow that is there already is touched.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "where programs go" FORCE)
endif()
# Folders are readable by the service whatever the umask of who installs.
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
  WORLD_EXECUTE)

# The unit names its program by its full path.
file(READ systemd/whynowd.service unit)
string(REPLACE /usr/sbin/whynowd ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}/whynowd unit "${unit}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/whynowd.service CONTENT "${unit}" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS systemd/whynowd.service)

install(FILES ${CMAKE_BINARY_DIR}/whynowd.service systemd/whynowd.socket DESTINATION /lib/systemd/system)
install(FILES systemd/whynow.sysusers DESTINATION /usr/lib/sysusers.d RENAME whynow.conf)
install(FILES systemd/whynow.catalog DESTINATION /usr/lib/systemd/catalog)

# The vendor's files: dirs.vendor and dirs.extract of the option table.
install(DIRECTORY DESTINATION /usr/share/whynow)
install(DIRECTORY conf/kinds.d conf/traits.d conf/extract DESTINATION /usr/share/whynow)
install(FILES conf/whynow.yaml DESTINATION /usr/share/whynow)
install(DIRECTORY conf/feeds.d conf/sinks.d conf/segments DESTINATION /usr/share/whynow/examples)
install(FILES daemon/cli/whynow.1 DESTINATION /usr/share/man/man1)
install(FILES README.md CHANGELOG.md DESTINATION /usr/share/doc/whynow)
install(FILES LICENSE DESTINATION /usr/share/doc/whynow RENAME copyright)

# The operator's files: empty folders, and the main file with every option commented out, unless there is one.
install(DIRECTORY DESTINATION /etc/whynow)
foreach(dir feeds.d sinks.d kinds.d traits.d)
  install(DIRECTORY DESTINATION /etc/whynow/${dir})
endforeach()
install(CODE "
  if(EXISTS \"\$ENV{DESTDIR}/etc/whynow/whynow.yaml\")
    message(STATUS \"Kept: \$ENV{DESTDIR}/etc/whynow/whynow.yaml (the new sample is in /usr/share/whynow)\")
  else()
    file(INSTALL \"${CMAKE_SOURCE_DIR}/conf/whynow.yaml\" DESTINATION \"/etc/whynow\"
         PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endif()")
