console.log("denotrack");
