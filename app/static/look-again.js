// Something on this page is on its way; once it is there the page comes without this file.
setTimeout(() => location.reload(), 2000);
