# SPDX-License-Identifier: Apache-2.0
# Bare-metal guests of arm-virt: every guests/*.c is one program (with <name>_asm.S where there is one), run at EL2
# under each executor. Each ends with "<name>: N cases passed" or names what failed.
set(A64_GUEST_DIR ${CMAKE_CURRENT_LIST_DIR}/guests)
find_program(A64_GCC aarch64-linux-gnu-gcc)
if(NOT A64_GCC OR NOT TARGET orrery)
  message(STATUS "AArch64 guests are not tested: aarch64-linux-gnu-gcc or the orrery program is missing")
  return()
endif()
file(GLOB A64_GUESTS CONFIGURE_DEPENDS ${A64_GUEST_DIR}/*.c)
file(GLOB A64_GUEST_PARTS CONFIGURE_DEPENDS ${A64_GUEST_DIR}/*.S ${A64_GUEST_DIR}/*.h ${A64_GUEST_DIR}/*.ld)
set(A64_GUEST_PROGRAMS "")
foreach(source ${A64_GUESTS})
  get_filename_component(name ${source} NAME_WE)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/arm64-guests/${name}.elf)
  set(parts ${A64_GUEST_DIR}/start.S ${source})
  if(EXISTS ${A64_GUEST_DIR}/${name}_asm.S)
    list(APPEND parts ${A64_GUEST_DIR}/${name}_asm.S)
  endif()
  add_custom_command(OUTPUT ${program}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/arm64-guests
    COMMAND ${A64_GCC} -O2 -Wall -Wextra -Werror -ffreestanding -fno-pie -no-pie -nostdlib -static
      -mgeneral-regs-only -mstrict-align -fno-tree-loop-distribute-patterns
      -Wl,--build-id=none,--no-warn-rwx-segments,-T,${A64_GUEST_DIR}/guest.ld -o ${program} ${parts}
    DEPENDS ${parts} ${A64_GUEST_PARTS}
    VERBATIM)
  list(APPEND A64_GUEST_PROGRAMS ${program})
  foreach(mode interp jit lockstep)
    add_test(NAME cpu.arm64.guests.${name}.${mode}
      COMMAND orrery run --board arm-virt,virtualization=on,gic-version=3 --cpu max --bios none
        --memory 256M --no-reboot --serial stdio --exec ${mode} --timeout 60s --kernel ${program})
    set_tests_properties(cpu.arm64.guests.${name}.${mode} PROPERTIES TIMEOUT 200
      PASS_REGULAR_EXPRESSION "${name}: [0-9]+ cases passed")
  endforeach()
endforeach()
add_custom_target(arm64-guests ALL DEPENDS ${A64_GUEST_PROGRAMS})
