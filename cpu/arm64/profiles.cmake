# SPDX-License-Identifier: Apache-2.0
# cpu/arm64/profiles/*.ini -> generated/cpu/arm64/profiles.gen.c, so that the program needs no files.
# The licence line is left out: the first line of the text is the profile's description.
file(GLOB A64_PROFILES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/profiles/*.ini)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${A64_PROFILES})
set(A64_ROWS "")
foreach(profile ${A64_PROFILES})
  get_filename_component(name ${profile} NAME_WE)
  file(READ ${profile} text)
  string(REGEX REPLACE "^; SPDX[^\n]*\n" "" text "${text}")
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  string(REPLACE "\n" "\\n\"\n      \"" text "${text}")
  string(APPEND A64_ROWS "    { \"${name}\",\n      \"${text}\" },\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cpu/arm64/profiles.gen.c @ONLY CONTENT
"/* SPDX-License-Identifier: Apache-2.0 */
/* Made from cpu/arm64/profiles: change those, never this. */
#include \"cpu/arm64/cpu.h\"

const struct a64_profile a64_profiles[] = {
@A64_ROWS@    { NULL, NULL },
};
")
list(APPEND ORRERY_GENERATED ${CMAKE_BINARY_DIR}/generated/cpu/arm64/profiles.gen.c)
