// The compiled halves of Asio, Asio.SSL and Beast, once for the sandbox.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
