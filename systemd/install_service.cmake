# Runs at `cmake --install`, for only then the prefix is known: the unit with the path of the program, and settings where
# there are none. They lie in /etc whatever the prefix is: the program looks for them there. file(INSTALL) adds DESTDIR.
get_filename_component(tree ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(made ${CMAKE_CURRENT_LIST_DIR}/sluice.service)
set(units ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
file(INSTALL ${made} DESTINATION ${units})
file(READ ${made} unit)
string(REPLACE "ExecStart=/usr/bin/" "ExecStart=${CMAKE_INSTALL_PREFIX}/bin/" unit "${unit}")
file(WRITE $ENV{DESTDIR}${units}/sluice.service "${unit}")

file(MAKE_DIRECTORY $ENV{DESTDIR}/etc/sluice/jobs.d)
if(NOT EXISTS $ENV{DESTDIR}/etc/sluice/sluice.yaml)
  file(INSTALL ${tree}/etc/sluice.yaml DESTINATION /etc/sluice)
endif()
