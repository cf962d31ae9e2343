# SPDX-License-Identifier: MIT
# libwhynow: CEL for other programs. Shared, so that RE2 and its C++ stay inside and a C program links with -lwhynow alone;
# only what the installed headers declare is exported (whynow.map). The daemon itself links the static layers.
set(api cel value arena buf base limits)
add_library(libwhynow SHARED $<TARGET_OBJECTS:wn_cel> lib/base/arena.c lib/base/base.c lib/base/buf.c lib/base/json.c
  lib/base/json_write.c lib/base/value.c)
target_include_directories(libwhynow PUBLIC include)
target_link_libraries(libwhynow PRIVATE wn_base PkgConfig::RE2)
target_link_options(libwhynow PRIVATE LINKER:--version-script=${CMAKE_SOURCE_DIR}/lib/cel/whynow.map LINKER:--exclude-libs,ALL)
set_target_properties(libwhynow PROPERTIES OUTPUT_NAME whynow VERSION ${PROJECT_VERSION} SOVERSION 0
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/lib/cel/whynow.map)

# The .pc file finds its prefix from where it lies, so the tree may be moved.
file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(lib/cel/whynow.pc.in ${CMAKE_BINARY_DIR}/libwhynow.pc @ONLY)
list(TRANSFORM api REPLACE "(.+)" "include/whynow/\\1.h" OUTPUT_VARIABLE headers)
install(TARGETS libwhynow LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libwhynow)
install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/whynow COMPONENT libwhynow)
install(FILES ${CMAKE_BINARY_DIR}/libwhynow.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libwhynow)
