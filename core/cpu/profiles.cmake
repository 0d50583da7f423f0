# SPDX-License-Identifier: Apache-2.0
# orrery_profiles(ROOM SYMBOL): ROOM/profiles/*.ini -> generated/ROOM/profiles.gen.c with
# `const struct cpu_profile SYMBOL[]`, so that the program needs no files. ROOM's header
# ROOM/cpu.h declares it. The licence line is left out: the first line of the text is the
# profile's description.
function(orrery_profiles room symbol)
  file(GLOB profiles CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${room}/profiles/*.ini)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${profiles})
  set(rows "")
  foreach(profile ${profiles})
    get_filename_component(name ${profile} NAME_WLE)
    file(READ ${profile} text)
    string(REGEX REPLACE "^; SPDX[^\n]*\n" "" text "${text}")
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\"\n      \"" text "${text}")
    string(APPEND rows "    { \"${name}\",\n      \"${text}\" },\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${room}/profiles.gen.c @ONLY CONTENT
"/* SPDX-License-Identifier: Apache-2.0 */
/* Made from @room@/profiles: change those, never this. */
#include \"@room@/cpu.h\"

const struct cpu_profile @symbol@[] = {
@rows@    { NULL, NULL },
};
")
  set(ORRERY_GENERATED ${ORRERY_GENERATED} ${CMAKE_BINARY_DIR}/generated/${room}/profiles.gen.c
    PARENT_SCOPE)
endfunction()
