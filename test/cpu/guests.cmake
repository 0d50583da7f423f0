# SPDX-License-Identifier: Apache-2.0
# orrery_guests(ISA COMPILER PROGRAM SOURCES PATTERN... FLAGS FLAG... RUN OPTION...
#               [COMMON SOURCE...] [LOAD OPTION] [MODES MODE...] [TIMEOUT SECONDS] [REPORTS])
# Bare-metal guests of test/cpu/ISA/guests: each file of SOURCES (with <name>_asm.S, where there is
# one, and COMMON) is one program, run by `orrery run` under each executor and timed. Patterns and COMMON are
# relative to the folder; guest.ld is the linker's script. LOAD: the option that takes the program, or else --kernel;
# MODES: some of interp, jit, lockstep, timed, or else all. Exit status 0 = passed; with REPORTS it
# must also have said "<name>: N cases passed".
function(orrery_guests isa)
  cmake_parse_arguments(G "REPORTS" "COMPILER;TIMEOUT;LOAD" "SOURCES;COMMON;FLAGS;RUN;MODES" ${ARGN})
  find_program(GUEST_COMPILER_${isa} ${G_COMPILER})
  if(NOT GUEST_COMPILER_${isa} OR NOT TARGET orrery)
    message(STATUS "guests of ${isa} are not tested: ${G_COMPILER} or the orrery program is missing")
    return()
  endif()
  if(NOT G_LOAD)
    set(G_LOAD --kernel)
  endif()
  if(NOT G_MODES)
    set(G_MODES interp jit lockstep timed)
  endif()
  set(link -no-pie -Wl,--no-warn-rwx-segments)
  if(G_COMPILER MATCHES clang) # whose linker knows neither
    set(link "")
  endif()
  set(dir ${CMAKE_SOURCE_DIR}/test/cpu/${isa}/guests)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${isa}-guests)
  list(TRANSFORM G_SOURCES PREPEND ${dir}/)
  list(TRANSFORM G_COMMON PREPEND ${dir}/)
  file(GLOB sources CONFIGURE_DEPENDS ${G_SOURCES})
  file(GLOB parts CONFIGURE_DEPENDS ${dir}/*.S ${dir}/*.h ${dir}/*.ld)
  set(programs "")
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    set(program ${out}/${name}.elf)
    set(inputs ${G_COMMON} ${source})
    if(EXISTS ${dir}/${name}_asm.S)
      list(APPEND inputs ${dir}/${name}_asm.S)
    endif()
    add_custom_command(OUTPUT ${program}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND ${GUEST_COMPILER_${isa}} -fno-pie -nostdlib -static ${link} ${G_FLAGS}
        -Wl,--build-id=none,-T,${dir}/guest.ld -o ${program} ${inputs}
      DEPENDS ${inputs} ${parts}
      VERBATIM)
    list(APPEND programs ${program})
    foreach(mode ${G_MODES})
      set(test cpu.${isa}.guests.${name}.${mode})
      set(how --exec ${mode})
      if(mode STREQUAL "timed")
        set(how --exec lockstep --timing inorder)
      endif()
      add_test(NAME ${test} COMMAND orrery run ${G_RUN} --no-reboot ${how} ${G_LOAD} ${program})
      set_tests_properties(${test} PROPERTIES TIMEOUT ${G_TIMEOUT})
      if(G_REPORTS)
        set_tests_properties(${test} PROPERTIES PASS_REGULAR_EXPRESSION "${name}: [0-9]+ cases passed")
      endif()
    endforeach()
  endforeach()
  add_custom_target(${isa}-guests ALL DEPENDS ${programs})
endfunction()
